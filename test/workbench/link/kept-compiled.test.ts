// What the engine's process compiled of its sources is kept for the next one, though it is killed when its work is
// done: Node by itself keeps it at an exit alone.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import { engineScript, forkEngine } from '../../../src-main/workbench/link/engine-process.ts'
import { createSupervisor } from '../../../src-main/workbench/link/supervisor.ts'

const model = join(import.meta.dirname, '../../../resources/engine/pretrained.safetensors')

const { NODE_DISABLE_COMPILE_CACHE: _, ...environment } = process.env

test.each([
  ['an answer', (client) => client.look({ file: model })],
  [
    'progress and an answer',
    async (client) => {
      for await (const event of await client.statistics({ file: model })) if (event.type === 'result') return
    },
  ],
] satisfies [string, Parameters<ReturnType<typeof createSupervisor>['ask']>[0]][])(
  'after %s all that it loaded is there',
  async (_what, question) => {
    const kept = mkdtempSync(join(tmpdir(), 'basil-compiled-'))
    onTestFinished(() => rmSync(kept, { recursive: true }))
    const supervisor = createSupervisor(() => forkEngine(engineScript(), { ...environment, NODE_COMPILE_CACHE: kept }))
    await supervisor.ask<unknown>(question)
    await supervisor.close()
    expect(readdirSync(kept, { recursive: true }).length).toBeGreaterThan(200)
  },
)
