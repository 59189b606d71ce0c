import { types } from 'node:util';
import { GatewayError } from '../../errors/index.js';

/** A result row as a driver gives it. */
export type SqlRow = Readonly<Record<string, unknown>>;

/** Typed view of a result row; a column of another type means a damaged or foreign database. */
export class Row {
  readonly #columns: SqlRow;

  constructor(columns: SqlRow) {
    this.#columns = columns;
  }

  text(name: string): string {
    const value = this.#columns[name];
    return typeof value === 'string' ? value : mismatch(name, 'text');
  }

  textOrNone(name: string): string | undefined {
    return this.#isNull(name) ? undefined : this.text(name);
  }

  /** A JSON array of texts. */
  texts(name: string): readonly string[] {
    const value: unknown = JSON.parse(this.text(name));
    return Array.isArray(value) && value.every((item) => typeof item === 'string')
      ? value
      : mismatch(name, 'a list of texts');
  }

  textsOrNone(name: string): readonly string[] | undefined {
    return this.#isNull(name) ? undefined : this.texts(name);
  }

  integer(name: string): number {
    const value = this.#columns[name];
    return typeof value === 'number' ? value : mismatch(name, 'an integer');
  }

  integerOrNone(name: string): number | undefined {
    return this.#isNull(name) ? undefined : this.integer(name);
  }

  boolean(name: string): boolean {
    const value = this.#columns[name];
    return typeof value === 'boolean' ? value : mismatch(name, 'true or false');
  }

  date(name: string): Date {
    return new Date(this.integer(name));
  }

  dateOrNone(name: string): Date | undefined {
    return this.#isNull(name) ? undefined : this.date(name);
  }

  blob(name: string): Buffer {
    const value = this.#columns[name];
    return types.isUint8Array(value)
      ? Buffer.from(value.buffer, value.byteOffset, value.byteLength)
      : mismatch(name, 'a blob');
  }

  #isNull(name: string): boolean {
    return this.#columns[name] === null;
  }
}

function mismatch(name: string, wanted: string): never {
  throw new GatewayError('internal', 'The database holds a record that cannot be read.', {
    detail: `column ${name} is not ${wanted}`,
  });
}
