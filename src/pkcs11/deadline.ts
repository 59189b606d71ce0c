/** `work`, or the fault when it takes longer than that; the work itself goes on, nobody can stop it. */
export async function withinMillis<T>(
  millis: number,
  work: Promise<T>,
  fault: () => Error,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(fault()), millis);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
