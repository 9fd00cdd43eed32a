// What a written model holds, for tests that set one beside another.
import { openTensorFile } from '../../src-main/engine/formats/open.ts'
import { openSource } from '../../src-main/files/source.ts'

/** Every tensor's bytes: what the metadata says of the run differs between runs. */
export async function weightsOf(file: string): Promise<Record<string, string>> {
  const source = await openSource(file)
  try {
    const opened = await openTensorFile(source)
    const found: Record<string, string> = {}
    for (const name of opened.tensors.keys()) found[name] = Buffer.from(await opened.read(name)).toString('base64')
    return found
  } finally {
    await source.close()
  }
}
