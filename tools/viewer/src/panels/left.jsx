/* left.jsx: the answer first: findings, then requests and routes. */
import { useAnswer, useStore } from '../use-store.js';
import { Findings } from './findings.jsx';
import { NoFindings } from './no-findings.jsx';
import { Routes } from './routes.jsx';
import { Warnings } from './warnings.jsx';

export function Left() {
    const known = useStore(state => !!state.info);
    const report = useAnswer(known ? '/api/report' : null);
    if (report.error)
        return <p class="card bad" role="alert">No report: {report.error}</p>;
    if (!report.data)
        return <p class="faint pad" role="status">reading the trace …</p>;
    return (
        <>
            <Warnings report={report.data} />
            {report.data.findings.length ? <Findings report={report.data} /> : <NoFindings report={report.data} />}
            <Routes report={report.data} />
        </>
    );
}
