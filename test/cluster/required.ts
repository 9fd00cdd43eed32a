// Whether a program that tests need is here: where it is not they are skipped with a loud line, or, where a variable
// says that it has to be, as in CI, fail.

/** missing: what to do about it. required: the variable's name. */
export function isHere(found: boolean, missing: string, required: string): boolean {
  if (found) return true
  const said = `${missing}, as .ci/run does. Tests on it do NOT run`
  if (process.env[required]) throw new Error(said)
  console.error(`\n*** ${said} ***\n`)
  return false
}
