import type { Certificate } from '../../x509/index.js';

const minute = 60_000;
const day = 86_400_000;

/** notBefore and notAfter of a certificate, in whole seconds as DER has them. */
export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/**
 * Back-dated for devices with slow clocks, and never outside its issuer's own validity: some relying
 * parties demand that one lies within the other.
 */
export function validityWithin(
  issuer: Certificate | undefined,
  now: Date,
  end: Date,
  backdateMinutes: number,
): Validity {
  const start = new Date(now.getTime() - backdateMinutes * minute);
  return {
    notBefore: wholeSeconds(issuer ? later(start, issuer.notBefore) : start),
    notAfter: wholeSeconds(issuer ? earlier(end, issuer.notAfter) : end),
  };
}

export function addDays(from: Date, days: number): Date {
  return new Date(from.getTime() + days * day);
}

export function addYears(from: Date, years: number): Date {
  const date = new Date(from);
  date.setUTCFullYear(date.getUTCFullYear() + years);
  return date;
}

/** Negative once it is past. */
export function daysUntil(end: Date, now: Date): number {
  return (end.getTime() - now.getTime()) / day;
}

export function earlier(a: Date, b: Date): Date {
  return a < b ? a : b;
}

function later(a: Date, b: Date): Date {
  return a > b ? a : b;
}

function wholeSeconds(date: Date): Date {
  return new Date(Math.floor(date.getTime() / 1000) * 1000);
}
