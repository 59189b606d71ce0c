interface PreparedText {
  readonly name: string;
  readonly text: string;
}

/** Statements by their text as the house writes it, with `?`: only constant texts come here, so they stay few. */
export class PreparedTexts {
  readonly #known = new Map<string, PreparedText>();

  /** `?` becomes `$1`, `$2` …; the name lets a connection parse and plan it once. */
  prepared(sql: string): PreparedText {
    const known = this.#known.get(sql);
    if (known) return known;
    let count = 0;
    const text = sql.replaceAll('?', () => `$${String(++count)}`);
    const prepared = { name: `scep_${this.#known.size}`, text };
    this.#known.set(sql, prepared);
    return prepared;
  }
}
