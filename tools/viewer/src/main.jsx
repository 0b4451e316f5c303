/* main.jsx: where the page begins. */
import { render } from 'preact';

import { chooseBackend } from './data.js';
import { load } from './load.js';
import { Shell } from './shell.jsx';
import { store } from './state.js';
import { followAddress, hashToState, tokenOf } from './url.js';
import './theme.css';

const token = tokenOf(window.location.hash);
chooseBackend(document, token);
store.set(hashToState(window.location.hash), 'none');
followAddress(store, window, token);
render(<Shell />, document.getElementById('app'));
load();
