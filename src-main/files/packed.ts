// What the packer laid beside the program, and a fetched file that is to take its place.
import { createHash } from 'node:crypto'
import { createReadStream, existsSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'

/** The public key of releases, as PEM; null where it or the address of the releases is missing. */
export function packedKey(resources: string): string | null {
  const [key, address] = ['update-key.pem', 'app-update.yml'].map((name) => join(resources, name))
  return key && address && existsSync(key) && existsSync(address) ? readFileSync(key, 'utf8') : null
}

/** On Linux; elsewhere the program has its own. folder: of the bundle of main. */
export function packedIcon(folder: string): string | null {
  const icon = join(folder, '..', 'icons', '256x256.png')
  return existsSync(icon) ? icon : null
}

/** In base64, as a release's list says it. */
export async function sha512Of(file: string): Promise<string> {
  const hash = createHash('sha512')
  for await (const bytes of createReadStream(file)) hash.update(bytes)
  return hash.digest('base64')
}

/** A file that was fetched and is not what it should be. */
export const dropFetched = (file: string): Promise<void> => rm(file, { force: true })
