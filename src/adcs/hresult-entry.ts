/**
 * - `permanent`: this request will never be granted; the device asked for something wrong.
 * - `configuration`: a setting or a permission is wrong, here or at the CA; every request like it fails.
 * - `transient`: it passes; the same request may be granted later.
 */
type HresultClass = 'permanent' | 'configuration' | 'transient';

export interface HresultEntry {
  /** As in MS-ERREF or the Windows SDK. */
  readonly name: string;
  /** What happened, a clause without full stop; holds no name and no address, so a device may read it. */
  readonly meaning: string;
  readonly class: HresultClass;
  /** What the operator does next, a sentence. */
  readonly nextStep: string;
  /**
   * Whether the request may have been carried out although this came back: then nothing is sent again
   * before it is reconciled.
   */
  readonly mayHaveHappened?: true;
  /** The gateway's own login was refused: nothing the device could mend, so never a FAILURE to it. */
  readonly login?: true;
  /**
   * The account that asks may not ask. In place of an answer to a poll that is no word on the request, which
   * was taken when it still might.
   */
  readonly ofCaller?: true;
  /** The CA knows no request of this id. */
  readonly unknownRequest?: true;
}

/** `const` tables keep their rows short with these three. */
export function permanent(name: string, meaning: string, nextStep = askForAnother): HresultEntry {
  return { name, meaning, class: 'permanent', nextStep };
}

export function configuration(name: string, meaning: string, nextStep: string): HresultEntry {
  return { name, meaning, class: 'configuration', nextStep };
}

export function transient(name: string, meaning: string, nextStep: string): HresultEntry {
  return { name, meaning, class: 'transient', nextStep };
}

const askForAnother =
  'Compare what the device asks for with the certificate template, and correct the SCEP settings of the device.';
