import { InvalidArgumentError } from 'commander';

/** Parser for a whole number between two bounds. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

/** Parser for an option that may be given several times. */
export function collect(text: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, text];
}
