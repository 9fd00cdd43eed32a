// All that is said of a checkpoint's towers, the nearest first: by the file itself, then by config.json (transformers)
// and open_clip_config.json in its folder; of these the one first whose program has the file's layout. A folder may
// hold any config.json: one that is none of CLIP, or describes a tower of another shape, is about another file.
import { BasilError } from '../../contract/errors.ts'
import { parseJson } from '../../contract/json.ts'
import type { ByteSource } from '../formats/source.ts'
import type { TensorFile } from '../formats/tensor-file.ts'
import type { CanonicalFile } from '../layouts/index.ts'
import { openClipStatement } from './open-clip.ts'
import { ownStatement } from './own.ts'
import type { Kind, Statement } from './statement.ts'
import { transformersStatement } from './transformers.ts'

const largest = 2 ** 20 // bytes of a configuration
const programs = {
  'config.json': transformersStatement,
  'open_clip_config.json': openClipStatement,
} as const

/** A file whose layout may be known. */
export type Described = Pick<TensorFile, 'source' | 'metadata'> & Partial<Pick<CanonicalFile, 'layout'>>

interface Said {
  statements: Statement[]
  warnings: string[]
}

/** shape: the tower's, of which the numbers that a statement has must be equal. */
export async function saidOf(file: Described, kind: Kind, shape: Readonly<Record<string, number>>): Promise<Said> {
  const { source, metadata, layout } = file
  const own = ownStatement(metadata, kind, `${source.name} itself`)
  const statements = own ? [own] : []
  const warnings: string[] = []
  const names = Object.keys(programs) as (keyof typeof programs)[]
  for (const name of layout === 'huggingface' ? names : names.toReversed()) {
    const from = `${name} beside ${source.name}`
    const found = await jsonBeside(source, name)
    if ('unreadable' in found) warnings.push(`${from} cannot be read, and is not used: ${found.unreadable}`)
    const statement = 'root' in found && programs[name](found.root, kind, from)
    if (!statement) continue
    const other = Object.entries(statement.shape ?? {}).find(([number, value]) => value !== shape[number])
    if (!other) statements.push(statement)
    else
      warnings.push(
        `${from} describes another ${kind} tower, and is not used: its ${other[0]} is ${other[1]}, here it is ${shape[other[0]]}`,
      )
  }
  return { statements, warnings }
}

async function jsonBeside(
  source: ByteSource,
  name: string,
): Promise<{ root: unknown } | { unreadable: string } | Record<never, never>> {
  try {
    const beside = await source.beside(name)
    if (beside.size > largest) return { unreadable: `it has ${beside.size} bytes; ${largest} is the most that is read` }
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await beside.read(0, beside.size))
    return { root: parseJson(text) }
  } catch (error) {
    if (error instanceof BasilError) return error.record.code === 'file-missing' ? {} : { unreadable: error.record.why }
    return { unreadable: error instanceof Error ? error.message.slice(0, 120) : String(error) }
  }
}
