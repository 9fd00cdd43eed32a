// A real server on a free port with three pages and a small router of its own: what a procedure, a stream, a failure
// and a download look like from outside.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

import { os } from '@orpc/server'
import { z } from 'zod'

import { BasilError } from '../../src-main/contract/errors.ts'
import { serveRouter } from '../../src-main/server/listen.ts'
import type { Platform } from '../../src-main/workbench/platform.ts'

export const missing = {
  code: 'file-missing',
  what: 'A file is missing',
  where: '/a/b.safetensors',
  why: 'it is gone',
  next: 'find it',
} as const

export function smallRouter(platform: Platform, ended: () => void = () => {}) {
  return {
    double: os.input(z.object({ value: z.number() })).handler(({ input }) => input.value * 2),
    fail: os.handler((): number => {
      throw new BasilError(missing)
    }),
    burst: os.handler((): number => {
      throw new TypeError('x is not a function')
    }),
    count: os.input(z.object({ failAt: z.number() })).handler(async function* ({ input }) {
      try {
        for (let value = 0; ; value += 1) {
          if (value === input.failAt) throw new BasilError(missing)
          yield value
          await setTimeout(1)
        }
      } finally {
        ended()
      }
    }),
    export: os.input(z.object({ file: z.string() })).handler(({ input }) => platform.download(input.file)),
    window: os.handler(
      async () =>
        [platform.window, await platform.pickConfig(), (await platform.pickTarget('a')) === undefined] as const,
    ),
  }
}

export interface Sent {
  url: string
  port: number
  token: string
  folder: string
  close(): Promise<void>
}

export async function startServer(ended?: () => void): Promise<Sent> {
  const folder = await mkdtemp(join(tmpdir(), 'basil-server-'))
  const renderer = join(folder, 'renderer')
  await mkdir(join(renderer, 'assets'), { recursive: true })
  await writeFile(join(renderer, 'index.html'), '<!doctype html><title>Basil</title>')
  await writeFile(join(renderer, 'assets', 'app.js'), 'export {}')
  await writeFile(join(renderer, '.secret'), 'not a page')
  await writeFile(join(folder, 'outside.html'), 'not served')
  const served = await serveRouter((platform) => smallRouter(platform, ended), { port: 0, renderer })
  const url = new URL(served.url)
  const close = async () => {
    await served.close()
    await rm(folder, { recursive: true })
  }
  return { url: served.url, port: Number(url.port), token: url.hash.slice('#token='.length), folder, close }
}
