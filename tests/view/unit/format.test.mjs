// Figures are written as the command line writes them (lib/analysis/words.c, tests/unit/analysis/test_words.c).
import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as format from '../../../tools/viewer/src/format.js';

test('lengths of time have three digits and a unit', () => {
    const said = [
        0, 431, 999, 1000, 9994, 9995, 99949, 99950, 431000, 999499, 999500, 1100000, 999499999, 999500000, 54.2e9,
        3e12,
    ].map(format.duration);
    assert.deepEqual(said, [
        '0 ns',
        '431 ns',
        '999 ns',
        '1.00 us',
        '9.99 us',
        '10.0 us',
        '99.9 us',
        '100 us',
        '431 us',
        '999 us',
        '1.00 ms',
        '1.10 ms',
        '999 ms',
        '1.00 s',
        '54.2 s',
        '3000 s',
    ]);
    assert.equal(format.duration(null), 'unknown');
});

test('bytes, counts and shares', () => {
    assert.deepEqual([431, 1153434, 58197252505].map(format.bytes), ['431 B', '1.10 MiB', '54.2 GiB']);
    assert.deepEqual([0, 999, 1204, 1204567].map(format.count), ['0', '999', '1,204', '1,204,567']);
    assert.deepEqual([0, 0.006, 0.0994, 0.1, 0.814].map(format.percent), ['0.0 %', '0.6 %', '9.9 %', '10 %', '81 %']);
});

test('a time of day goes on from the first moment, over midnight too', () => {
    const ofDay = format.firstOfDay('1795442527118000000');
    assert.equal(ofDay, 50527118000000);
    assert.equal(format.wallClock(0, ofDay), '14:02:07.118');
    assert.equal(format.wallClock(2086311000, ofDay, 2), '14:02:09.204 311');
    assert.equal(format.wallClock(0, ofDay, 0), '14:02:07');
    assert.equal(format.wallClock(2e9, 86399e9), '00:00:01.000');
    assert.equal(format.firstOfDay(null), null);
});

test('a time since the beginning is one that stallmark at takes', () => {
    assert.equal(format.sinceBegin(2350000000), '+2.350s');
    assert.equal(format.sinceBegin(350000123, 3), '+0.350000123s');
    assert.equal(format.time(5e8, { clock: 'wall', ofDay: null }), '+0.500s');
    assert.equal(format.time(5e8, { clock: 'relative', ofDay: 0 }), '+0.500s');
});
