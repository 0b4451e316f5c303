/* size.js: how wide an element is, for charts that fill it; and a canvas as sharp as the screen. */
import { useEffect, useRef, useState } from 'preact/hooks';

/** [ref, width]: 0 until it is known. */
export function useWidth() {
    const ref = useRef(null);
    const [width, setWidth] = useState(0);
    useEffect(() => {
        const element = ref.current;
        if (!element)
            return undefined;
        const observer = new ResizeObserver(() => setWidth(element.clientWidth));
        observer.observe(element);
        setWidth(element.clientWidth);
        return () => observer.disconnect();
    }, []);
    return [ref, width];
}

/** Makes a canvas width by height, and empty. @returns {CanvasRenderingContext2D} that draws in CSS pixels */
export function prepare(canvas, width, height) {
    const ratio = window.devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
        canvas.width = Math.round(width * ratio);
        canvas.height = Math.round(height * ratio);
    }
    const context = canvas.getContext('2d');
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    return context;
}

/** What a custom property is now: canvases do not follow the theme by themselves. */
export const property = (element, name) => getComputedStyle(element).getPropertyValue(name).trim() || '#888';
