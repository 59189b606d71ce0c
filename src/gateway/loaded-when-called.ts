/**
 * A function whose file, with all it imports, is loaded when it is first called: a gateway that never calls it
 * starts without it. Calls after the first one find it loaded.
 *
 * @param load imports the file and names the function
 */
export function loadedWhenCalled<Options extends readonly unknown[], Result>(
  load: () => Promise<(...options: Options) => Result | Promise<Result>>,
): (...options: Options) => Promise<Result> {
  return async (...options) => (await load())(...options);
}
