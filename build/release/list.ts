// The list of a release that installed programs read (latest-linux.yml): version, files with their hashes, and for each
// file a signature by the release's key over version and hash (src-main/desktop/updates.ts checks it).
import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { basename } from 'node:path'

import { stringify } from 'yaml'

import { signedText } from '../../src-main/desktop/updates.ts'

interface List {
  version: string
  files: readonly string[]
  epoch: number // seconds, of the commit
  key: string
}

/** key: PEM of an Ed25519 private key. files: the AppImage first. */
export function releaseList({ version, files, epoch, key }: List): string {
  const told = files.map((file) => {
    const sha512 = createHash('sha512').update(readFileSync(file)).digest('base64')
    return { url: basename(file), sha512, size: statSync(file).size }
  })
  const signatures = told.map(({ sha512 }) =>
    sign(null, signedText(version, sha512), createPrivateKey(key)).toString('base64'),
  )
  const [first] = told
  return stringify({
    ...{ version, files: told, path: first?.url, sha512: first?.sha512, signatures },
    releaseDate: new Date(epoch * 1000).toISOString(),
  })
}

/** PEM of the public half, which the program is packed with. */
export const publicKeyOf = (key: string): string =>
  createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString()
