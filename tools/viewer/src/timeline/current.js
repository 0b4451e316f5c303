/* current.js: the page's one timeline. */
import { actions, store } from '../state.js';
import { Controller } from './controller.js';

export const controller = new Controller(store, actions);
