import type { Param } from './database.js';

interface Condition {
  readonly sql: string;
  readonly params: readonly Param[];
}

/** Conditions joined by AND, with their parameters in order. */
export class Where {
  readonly #conditions: readonly Condition[];

  constructor(conditions: readonly Condition[] = []) {
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
