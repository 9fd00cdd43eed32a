// Class names and prompt templates as a person names them: those of a data set, kept in resources/text, or a file of one's
// own, a JSON list or one a line. Data sets go by any spelling of their names: "CIFAR10", "cifar-10".
import { readFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'

import { z } from 'zod'

import { BasilError } from '../../contract/errors.ts'

type Kind = 'classes' | 'templates'

export interface Prompts {
  name: string // the data set's, or the file's without its ending
  texts: string[]
}

/** `resources`: the folder of the program's own files. Throws file-missing, naming the data sets there are, or data-invalid. */
export function readPrompts(resources: string, kind: Kind, given: string): Prompts {
  const lists = z.record(z.string(), z.array(z.string())).parse(JSON.parse(readFileSync(join(resources, 'text', `${kind}.json`), 'utf8')))
  const kept = Object.keys(lists).find((name) => plain(name) === plain(given))
  if (kept !== undefined) return { name: kept, texts: lists[kept] as string[] }
  const file = resolve(given)
  const texts = parse(file, readText(file, kind, Object.keys(lists)))
  if (texts.length === 0) throw invalid(file, `it holds no ${kind}`)
  const wrong = kind === 'templates' ? texts.findIndex((text) => !text.includes('{}')) : -1
  if (wrong >= 0) throw invalid(file, `"${texts[wrong]?.slice(0, 80)}" has no {} for the name of a class`)
  return { name: basename(file).replace(/\.\w+$/, ''), texts }
}

const plain = (name: string): string => name.toLowerCase().replace(/[-_ ]/g, '')

function parse(file: string, content: string): string[] {
  if (!content.trimStart().startsWith('[')) return content.split('\n').flatMap((line) => line.trim() || [])
  try {
    return z.array(z.string().trim().min(1)).parse(JSON.parse(content))
  } catch {
    throw invalid(file, 'it begins like a JSON list, but is no list of texts')
  }
}

function readText(file: string, kind: Kind, names: readonly string[]): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new BasilError(
      {
        code: 'file-missing',
        what: `There are no ${kind} of this name`,
        where: file,
        why: `it is neither a file that can be read nor one of ${names.join(', ')}`,
        next: 'name a data set of this list, or a file with one text a line',
      },
      { cause: error },
    )
  }
}

function invalid(where: string, why: string): BasilError {
  return new BasilError({ code: 'data-invalid', what: 'This list cannot be used', where, why, next: 'write one text a line' })
}
