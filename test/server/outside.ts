// A folder that nobody opened, beside a data folder: what lies in it is a secret that no answer may hold, and it is to
// stay as it was.
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

import { onTestFinished } from 'vitest'

import { toyFile } from '../workbench/toy-run.ts'

export const secret = 'a-word-that-is-nobodys-business'

/** paths: what a page may try to name of it. */
export function makeOutside(home: string): { paths: string[]; state: () => string } {
  const folder = join(dirname(home), `${basename(home)}-outside`)
  mkdirSync(folder)
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const name of ['secret.json', 'secret.yaml', 'secret.safetensors', 'history.sqlite'])
    writeFileSync(join(folder, name), `${secret} ${secret}\n${secret}`)
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...toyFile, name: 'a' }))
  const paths = ['secret.json', 'secret.yaml', 'secret.safetensors', 'history.sqlite', 'new.safetensors', ''].map(
    (name) => join(folder, name),
  )
  const state = (): string => {
    const hash = createHash('sha256')
    for (const name of readdirSync(folder).sort())
      hash.update(`${name} ${statSync(join(folder, name)).mtimeMs}`).update(readFileSync(join(folder, name)))
    return hash.digest('hex')
  }
  return { paths: [...paths, ...paths.map((path) => `${path}#x`)], state }
}
