/* routes.jsx: the left side's requests: all of them over time, and how long each route took. */
import { useMemo } from 'preact/hooks';

import { Scatter } from '../charts/scatter.jsx';
import { count, duration, percent } from '../format.js';
import { actions } from '../state.js';
import { useAnswer, useStore } from '../use-store.js';
import { limitRequests, setChosen, useChosen } from './chosen.js';
import { goToRequest } from './see.js';
import { Faint } from './pieces.jsx';

const POINTS = 4000, SHOWN = 12;

function Requests({ data, duration: length }) {
    const view = useStore(state => state.view);
    const theme = useStore(state => state.theme);
    const selection = useStore(state => state.selection);
    const lit = useChosen(state => state.highlight);
    const { points, routes, of } = data;
    const route = lit === null ? null : routes.indexOf(lit);
    return (
        <Scatter points={points} of={of} from={0} to={length} view={view} dark={theme}
            route={route === -1 ? null : route}
            chosenId={selection && selection.type === 'request' ? selection.id : null}
            onPoint={i => goToRequest(points.process[i], points.id[i], points.at[i], points.at[i] + points.ns[i])}
            onBox={box => limitRequests(box, actions.openPanel)} />
    );
}

function Mostly({ mostly }) {
    if (!mostly)
        return <span class="faint">unexplained</span>;
    return <>{mostly.kind} {mostly.name} <span class="faint">{percent(mostly.share)}</span></>;
}

function RouteRow({ route }) {
    const { latency } = route;
    const light = name => setChosen({ highlight: name });
    const figure = ns => (latency.count ? duration(ns) : '–');
    return (
        <>
            <tr onPointerEnter={() => light(route.route)} onPointerLeave={() => light(null)}>
                <th scope="row" colSpan={3}>
                    <button class="quiet name" title={route.route}
                        onFocus={() => light(route.route)} onBlur={() => light(null)}
                        onClick={() => limitRequests({ route: route.route }, actions.openPanel)}>{route.route}</button>
                </th>
                <td class="num faint">{count(latency.count)}</td>
            </tr>
            <tr class="figures" onPointerEnter={() => light(route.route)} onPointerLeave={() => light(null)}>
                <td class="num">{figure(latency.p50_ns)}</td>
                <td class="num">{figure(latency.p99_ns)}</td>
                <td class="num">{figure(latency.max_ns)}</td>
                <td />
            </tr>
            <tr class="mostly"><td colSpan={4}>
                mostly <Mostly mostly={route.mostly} />
                {route.still_running > 0 && <span class="faint"> · {count(route.still_running)} still running</span>}
                {route.failed > 0 && <span class="bad"> · {count(route.failed)} failed</span>}
            </td></tr>
        </>
    );
}

/** @param {{report: object}} props */
export function Routes({ report }) {
    const length = useStore(state => (state.info ? state.info.duration_ns : 1));
    const scatter = useAnswer('/api/scatter', useMemo(() => ({ points: POINTS }), []));
    const { routes } = report;
    if (!routes.length && !report.requests.count)
        return (
            <section aria-label="Requests">
                <h2 class="caption">Requests</h2>
                <Faint>None were seen: they are found on sockets, or marked in the program (smk_request_begin).</Faint>
            </section>
        );
    return (
        <section aria-label="Requests">
            <h2 class="caption">Requests <span class="plain">{count(report.requests.count)} · drag a box around the slow ones</span></h2>
            {scatter.data && scatter.data.points.at.length > 0 && <Requests data={scatter.data} duration={length} />}
            {scatter.error && <Faint>{scatter.error}</Faint>}
            <table class="routes" aria-label="Routes">
                <thead><tr><th scope="col" class="num">p50</th><th scope="col" class="num">p99</th>
                    <th scope="col" class="num">max</th><th scope="col" class="num">requests</th></tr></thead>
                <tbody>{routes.slice(0, SHOWN).map(route => <RouteRow key={route.route} route={route} />)}</tbody>
            </table>
            {routes.length > SHOWN && <Faint>and {count(routes.length - SHOWN)} more routes</Faint>}
        </section>
    );
}
