/** Objects that die at a chosen call, as a process does: from then on nothing they are asked happens. */
export class Death extends Error {
  constructor(step: string) {
    super(`the process died ${step}`);
  }
}

export interface Fate {
  /** Method name; `when` tells whether its work is done before the end. */
  readonly step: string;
  readonly when: 'before' | 'after';
  /** Which call of that name, 1 is the first. */
  readonly nth?: number;
}

/** One life that several objects share. */
export class Life {
  readonly #fate: Fate | undefined;
  /** Methods called while alive, in order. */
  readonly calls: string[] = [];
  readonly #begun: string[] = [];
  #ended = false;

  constructor(fate?: Fate) {
    this.#fate = fate;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** The same object, mortal: its methods return promises, or this is not for it. */
  of<T extends object>(target: T): T {
    return new Proxy(target, {
      get: (object, name) => {
        const member: unknown = Reflect.get(object, name, object);
        if (typeof member !== 'function' || typeof name !== 'string') return member;
        const method = (...parameters: unknown[]): unknown =>
          Reflect.apply(member, object, parameters);
        return (...parameters: unknown[]) => this.#run(name, () => method(...parameters));
      },
    });
  }

  async #run(step: string, work: () => unknown): Promise<unknown> {
    this.#begun.push(step);
    const nth = this.#begun.filter((begun) => begun === step).length;
    this.#dieIf(step, 'before', nth);
    this.calls.push(step);
    const result = await work();
    this.#dieIf(step, 'after', nth);
    return result;
  }

  #dieIf(step: string, when: Fate['when'], nth: number): void {
    const fate = this.#fate;
    if (fate?.step === step && fate.when === when && nth === (fate.nth ?? 1)) this.#ended = true;
    if (this.#ended) throw new Death(`${when} ${step}`);
  }
}
