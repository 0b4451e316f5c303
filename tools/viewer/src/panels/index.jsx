/* panels/index.jsx: what stands at the left, at the right and beneath the timeline. */
import './panels.css';
import '../charts/charts.css';
import '../details/details.css';

export { Bottom } from './bottom.jsx';
export { Left } from './left.jsx';
export { Right } from '../details/right.jsx';
