// What an engine says over its port is a sign of life as its beats are: a run that ends between two beats must not be
// told to be silent for ever.
import { expect, it } from 'vitest'

import type { BasilError } from '../../../src-main/contract/errors.ts'
import { openLink } from '../../../src-main/workbench/link/engine-link.ts'
import type { EngineProcess } from '../../../src-main/workbench/link/engine-process.ts'

it('an engine that was silent is heard again by what it says, before that is passed on', () => {
  const listeners: ((event: { data: unknown }) => void)[] = []
  const heard: string[] = []
  const engine: EngineProcess = {
    pid: 1,
    port: {
      on: (event: string, listener: (event?: { data: unknown }) => void) => {
        if (event === 'message') listeners.push(listener)
      },
      postMessage: () => undefined,
    },
    exited: new Promise(() => undefined),
    beats: () => undefined,
    memory: () => null,
    kill: () => undefined,
  }
  let time = 0
  let look = (): void => undefined
  const every = (_: number, act: () => void): (() => void) => {
    look = act
    return () => undefined
  }
  const told = (error: BasilError | null): void => void heard.push(error?.record.code ?? 'heard again')
  openLink(engine, told, { process: 400, step: 60_000, clock: { now: () => time, every } })
  for (let looks = 0; looks < 6; looks++) {
    time += 100
    look()
  }
  expect(heard).toEqual(['engine-silent'])
  expect(listeners.length).toBeGreaterThan(1)
  listeners[0]?.({ data: 'anything' })
  expect(heard).toEqual(['engine-silent', 'heard again'])
})
