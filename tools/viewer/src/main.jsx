/* main.jsx: where the page begins. */
import { render } from 'preact';

import { chooseBackend } from './data.js';
import { followKeys } from './keys.js';
import { load } from './load.js';
import { Shell } from './shell.jsx';
import { store } from './state.js';
import { followTheme } from './theme.js';
import { controller } from './timeline/current.js';
import { followAddress, hashToState, tokenOf } from './url.js';
import './theme.css';
import './shell.css';
import './timeline/timeline.css';

const token = tokenOf(window.location.hash);
chooseBackend(document, token);
store.set(hashToState(window.location.hash), 'none');
followTheme(store, window);
followAddress(store, window, token);
followKeys(document, controller);
render(<Shell />, document.getElementById('app'));
load();
