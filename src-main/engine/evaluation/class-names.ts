// Class names that stand beside a head in its own file, where its record does not have them: metadata "classes.NAME", a
// JSON list in the order of the labels, for the tensor head.NAME. They are for reading alone; what does not say them is
// evaluated as well.
import { z } from 'zod'

import { splitPath } from '../../contract/named-tensor.ts'
import { openTensorFile } from '../formats/open.ts'
import type { OpenSource } from '../formats/source.ts'

const names = z.array(z.string().max(1000)).max(100_000)

/** null: nothing names them, or not in that form. */
export async function classesBeside(head: string, open: OpenSource): Promise<string[] | null> {
  const [path, key] = splitPath(head)
  const source = await open(path)
  try {
    const { metadata } = await openTensorFile(source)
    return names.safeParse(parsed(metadata[key.replace(/^head\./, 'classes.')])).data ?? null
  } finally {
    await source.close()
  }
}

function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}
