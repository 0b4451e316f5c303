/* panels/index.jsx: what stands at the left, at the right and beneath the timeline. */

export const Left = () => null;
export const Right = () => null;
export const Bottom = () => null;
