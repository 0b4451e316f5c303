/* label-cache.js: texts of labels by their id, asked for in batches; the oldest are let go. */

const KEPT = 20000,
    A_QUESTION = 400;

export class LabelCache {
    /** @param {(ids: number[]) => Promise<Object<string, string>>} fetchLabels @param {() => void} changed */
    constructor(fetchLabels, changed) {
        Object.assign(this, { fetchLabels, changed, texts: new Map(), missing: new Set(), asking: false });
    }

    /** The text; "" until it is there. */
    get(id) {
        if (!id) return '';
        const text = this.texts.get(id);
        if (text !== undefined) return text;
        this.missing.add(id);
        this.ask();
        return '';
    }

    async ask() {
        if (this.asking) return;
        this.asking = true;
        await null; /* what one frame misses is one question */
        const ids = [...this.missing].slice(0, A_QUESTION);
        ids.forEach(id => this.missing.delete(id));
        try {
            const texts = await this.fetchLabels(ids);
            ids.forEach(id => this.texts.set(id, texts[id] || ''));
            while (this.texts.size > KEPT) this.texts.delete(this.texts.keys().next().value);
            this.changed();
        } catch {
            /* a later frame asks again */
        }
        this.asking = false;
        if (this.missing.size && ids.some(id => this.texts.has(id))) this.ask();
    }
}
