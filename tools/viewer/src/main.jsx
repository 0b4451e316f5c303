// Where the page begins.
import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ask } from './data.js';
import './style.css';

function Info() {
  const [info, setInfo] = useState(null);
  const [error, setError] = useState('');
  useEffect(() => {
    ask('/api/info').then(setInfo, (e) => setError(String(e.message)));
  }, []);
  return <pre>{error || JSON.stringify(info, null, 2)}</pre>;
}

render(<Info />, document.getElementById('app'));
