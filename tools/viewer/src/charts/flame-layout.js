/* flame-layout.js: a tree of stacks as rectangles. Pure. */

/**
 * @typedef {{name: string, file?: string|null, line?: number, ns: number, count: number, children?: Node[]}} Node
 * @typedef {{node: Node, parent: number, depth: number, x: number, width: number, share: number}} Box
 *     parent: its number; x and width: shares of the whole picture; share: of the root
 */

const DEEPEST = 128;

/** The node at a path of positions ([]: the root); as far as there is one. */
export function nodeAt(root, path) {
    let node = root;
    for (const step of path) {
        if (!node.children || !node.children[step])
            break;
        node = node.children[step];
    }
    return node;
}

/**
 * Rectangles of what is beneath the node at `path`, which fills the whole width; those around it are above it, as wide.
 * What is narrower than `least` (a share of the picture) is left out with all that is in it.
 * @param {Node} root @param {number[]} path @param {number} least @returns {Box[]} parents before their children
 */
export function layOut(root, path, least) {
    const boxes = [];
    let node = root, parent = -1;
    const all = root.ns || 1;
    const trail = [];
    for (let depth = 0; depth <= path.length; depth++) {
        boxes.push({ node, parent, depth, x: 0, width: 1, share: node.ns / all, path: trail.slice() });
        parent = boxes.length - 1;
        if (depth === path.length || !node.children || !node.children[path[depth]])
            break;
        trail.push(path[depth]);
        node = node.children[path[depth]];
    }
    for (let i = boxes.length - 1; i < boxes.length; i++)
        putChildren(boxes, i, least, all);
    return boxes;
}

function putChildren(boxes, number, least, all) {
    const box = boxes[number], { node } = box;
    if (box.depth >= DEEPEST || !node.children)
        return;
    let x = box.x;
    node.children.forEach((child, i) => {
        const width = node.ns > 0 ? child.ns / node.ns * box.width : 0;
        if (width >= least)
            boxes.push({ node: child, parent: number, depth: box.depth + 1, x, width, share: child.ns / all, path: [...box.path, i] });
        x += width;
    });
}

/** Which boxes' names have the text, in any case, and the time that is in them (each nested one counted once). */
export function matches(boxes, text) {
    const wanted = text.trim().toLowerCase();
    const hit = boxes.map(box => wanted !== '' && box.node.name.toLowerCase().includes(wanted));
    const inside = [];
    let ns = 0;
    boxes.forEach((box, i) => {
        inside[i] = box.parent >= 0 && (inside[box.parent] || hit[box.parent]);
        if (hit[i] && !inside[i])
            ns += box.node.ns;
    });
    return { hit, ns };
}

/** The box that a key leads to from another one. @returns {number} */
export function neighbour(boxes, number, key) {
    const box = boxes[number];
    if (key === 'ArrowUp')
        return box.parent >= 0 ? box.parent : number;
    if (key === 'ArrowDown') {
        const child = boxes.findIndex(other => other.parent === number);
        return child >= 0 ? child : number;
    }
    const row = boxes.map((other, i) => i).filter(i => boxes[i].depth === box.depth);
    const at = row.indexOf(number) + (key === 'ArrowRight' ? 1 : -1);
    return at >= 0 && at < row.length ? row[at] : number;
}

const KINDS = ['lock', 'cond', 'net', 'poll', 'disk', 'sleep', 'memory', 'join', 'other'];

/** The state of what a stack ends in: "lock cart_lock" is a lock. Null of functions. */
export function keyOfLeaf(node) {
    const word = node.name.split(' ', 1)[0];
    return !(node.children && node.children.length) && KINDS.includes(word) ? word : null;
}

/** "cart.c:87". */
export const placeOfNode = node => (node.file ? `${node.file.split('/').pop()}:${node.line}` : '');

/**
 * What has most time of its own, and in which function. @returns {{name: string, place: string, ns: number, key: string|null}[]}
 */
export function topOf(root, most) {
    const found = new Map();
    const walk = (node, parent) => {
        const own = (node.children || []).reduce((left, child) => left - child.ns, node.ns);
        const key = keyOfLeaf(node), at = key ? parent : node;
        if (own > 0 && node !== root) {
            const place = key ? `${at.name} ${placeOfNode(at)}` : placeOfNode(at);
            const one = found.get(node.name + place) || { name: node.name, place, ns: 0, key };
            found.set(node.name + place, { ...one, ns: one.ns + own });
        }
        (node.children || []).forEach(child => walk(child, node));
    };
    walk(root, root);
    return [...found.values()].sort((a, b) => b.ns - a.ns).slice(0, most);
}
