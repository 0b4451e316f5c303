/* use-controller.js: draws a component again when the controller tells of what it shows. */
import { useEffect, useReducer } from 'preact/hooks';

/** @param {'rows'|'tip'|'legend'} topic */
export function useController(controller, topic) {
    const [, redraw] = useReducer(n => n + 1, 0);
    useEffect(() => controller.listen(redraw, topic), []);
}
