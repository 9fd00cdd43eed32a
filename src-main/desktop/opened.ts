// What the program was asked to open: files and folders by a file manager or a command line, basil://run/N by a link.
// A second start gives its own to the first. A link comes from anybody's page, so that it may name a run and nothing
// else: it adds no file and changes nothing.
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

import { z } from 'zod'

import type { Added } from '../contract/api/library.ts'
import type { Recognised } from '../contract/api/projects.ts'
import { type ErrorRecord, recordOf } from '../contract/errors.ts'

export const linkScheme = 'basil'

/** What a second start sends: its arguments as the person gave them, and the folder that they are relative to. */
export const startSchema = z.object({
  args: z.array(z.string().max(32_768)).max(10_000),
  folder: z.string().max(32_768),
})
export type Start = z.infer<typeof startSchema>

export interface Asked {
  paths: string[]
  address: string | null // of a page, "#/run/3"
}

/** Options are Electron's own; an address of another kind is nobody's. */
export function askedBy({ args, folder }: Start): Asked {
  const asked: Asked = { paths: [], address: null }
  for (const arg of args.filter((one) => one !== '' && !one.startsWith('-')))
    if (/^[a-z][a-z0-9+.-]+:/i.test(arg)) {
      asked.address = addressOfLink(arg) ?? asked.address
      asked.paths.push(...pathOfAddress(arg))
    } else asked.paths.push(resolve(folder, arg))
  return asked
}

/** "basil://run/3" is "#/run/3"; null for any other. */
export function addressOfLink(link: string): string | null {
  const run = /^basil:\/\/run\/([1-9]\d{0,11})\/?$/.exec(link)?.[1]
  return run === undefined ? null : `#/run/${run}`
}

function pathOfAddress(address: string): string[] {
  try {
    return address.startsWith('file:') ? [fileURLToPath(address)] : []
  } catch {
    return [] // of another machine, or none that a file can have
  }
}

interface Opening {
  recognise(path: string): Promise<Pick<Recognised, 'kind'>>
  library: { add(paths: string[]): Promise<Added> }
  dropped(paths: string[]): Promise<Pick<Added, 'refused'>>
  go(address: string): void
  refuse(refused: readonly ErrorRecord[]): void
}

/** One checkpoint shows its page, anything else its shelf; what is refused is told. Never rejects. */
export function createOpening({ recognise, library, dropped, go, refuse }: Opening): (asked: Asked) => Promise<void> {
  async function openFile(path: string): Promise<readonly ErrorRecord[]> {
    const { kind } = await recognise(path)
    const isOne = kind === 'checkpoint' || kind === 'exported'
    if (!isOne) return openAll([path], kind === 'data' ? '#/data' : '#/library')
    const { added, known, refused } = await library.add([path])
    const id = added[0] ?? known[0]
    if (id !== undefined) go(`#/library/${id}`)
    return refused
  }

  async function openAll(paths: string[], address: string): Promise<readonly ErrorRecord[]> {
    const { refused } = await dropped(paths)
    if (refused.length < paths.length) go(address)
    return refused
  }

  return async ({ paths, address }) => {
    if (address !== null) go(address)
    const [first, ...others] = paths
    if (first === undefined) return
    const opened = others.length === 0 ? openFile(first) : openAll(paths, '#/library')
    const refused = await opened.catch((error: unknown) => [recordOf(error)])
    if (refused.length > 0) refuse(refused)
  }
}
