// A person's program that scores a model, as it is typed: python score.py --fast {model}. It is split into words here
// and started without a shell, so that a path with spaces or quotes is one word, nothing in a file's name is ever run,
// and the same line does the same on every system. Who wants a shell's own (pipes, variables, &&) asks for one:
// sh -c "...". Quotes keep words together: of '...' everything is meant as it stands, in "..." and outside a backslash
// takes the meaning from a quote, a blank or a backslash behind it.
import { BasilError } from '../../contract/errors.ts'

const place = '{model}'

/** Throws config-invalid where a quote does not end, there is no program, or no place for the model. */
export function wordsOf(command: string): string[] {
  const words: string[] = []
  let word: string | null = null
  let quote = ''
  for (let i = 0; i < command.length; i++) {
    const [char, next] = [command[i] as string, command[i + 1] ?? '']
    if (char === '\\' && quote !== "'" && /[\s"'\\]/.test(next)) {
      word = (word ?? '') + next
      i++
    } else if (char === quote) quote = ''
    else if (quote === '' && /["']/.test(char)) {
      quote = char
      word ??= ''
    } else if (quote === '' && /\s/.test(char)) {
      if (word !== null) words.push(word)
      word = null
    } else word = (word ?? '') + char
  }
  if (word !== null) words.push(word)
  if (quote !== '') throw refused(command, `a quote (${quote}) does not end`, 'end it')
  if (!words[0]) throw refused(command, 'it names no program', 'name one, as in "python score.py {model}"')
  if (!words.some((one) => one.includes(place)))
    throw refused(command, `it says nowhere ${place}`, `put ${place} where the model's path belongs`)
  return words
}

/** The program and its arguments for one model. */
export const forModel = (words: readonly string[], model: string): string[] =>
  words.map((word) => word.replaceAll(place, () => model))

function refused(command: string, why: string, next: string): BasilError {
  return new BasilError({ code: 'config-invalid', what: 'This is no command for scores', where: command, why, next })
}
