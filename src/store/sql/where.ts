import type { Param, Statement } from './statement.js';

/** Conditions joined by AND, with their parameters in order. */
export class Where {
  readonly #conditions: readonly Statement[];

  constructor(conditions: readonly Statement[] = []) {
    this.#conditions = conditions;
  }

  with(sql: string, ...params: Param[]): Where {
    return new Where([...this.#conditions, { sql, params }]);
  }

  get sql(): string {
    if (this.#conditions.length === 0) return '';
    return `WHERE ${this.#conditions.map((condition) => `(${condition.sql})`).join(' AND ')}`;
  }

  get params(): readonly Param[] {
    return this.#conditions.flatMap((condition) => condition.params);
  }
}
