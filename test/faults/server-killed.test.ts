// The promise R3, as far as the server goes: killed with a page connected and a run at work. What the page was told is
// there, the run is interrupted, the next server has it go on to the same bits, and no engine is left behind.
import { spawn } from 'node:child_process'
import { join } from 'node:path'

import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/websocket'
import type { ContractRouterClient } from '@orpc/contract'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'

import type { api } from '../../src-main/contract/api/api.ts'
import type { RunId } from '../../src-main/contract/branded.ts'
import { alive } from '../alive.ts'
import { started } from '../bundles.ts'
import { bitsOf, follow, temporaryFolder, toyConfig, toyEngine, toyEntry, toyWorkbench } from '../workbench/toy.ts'
import { childrenOf, type Epoch, leftAfter } from './aftermath.ts'
import { countOf, seedOf, tell } from './promises.ts'
import { seeded } from './seeded.ts'

const wanted = countOf('R3')
const seed = seedOf(3303)
const config = toyConfig({ iterations: 2, epochs: 8 })
const cli = started('src-main/cli.ts')

/** A run that was left after its first epoch, for a page to have go on. */
async function brokenOff(home: string): Promise<RunId> {
  const until = join(home, 'never') // no epoch ends after the first look
  const workbench = await toyWorkbench(home, (environment) => toyEngine({ until }, environment))
  const run = await workbench.runs.start(config)
  await follow(workbench, run, (event) => event.type === 'epoch' && void workbench.close())
  await workbench.close()
  return run
}

/** The server in a process of its own, and a page's connection to it. */
async function served(home: string) {
  const env = { ...process.env, BASIL_HOME: home, BASIL_ENGINE: toyEntry, TOY: JSON.stringify({ wait: 2 }) }
  const child = spawn(process.execPath, [cli, 'serve'], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const ended = new Promise<null>((resolve) => child.on('exit', () => resolve(null)))
  const url = await new Promise<URL>((resolve, reject) => {
    let out = ''
    child.stdout.on('data', (text) => {
      out += text
      const [address] = /http:\S+#token=\S+/.exec(out) ?? []
      if (address) resolve(new URL(address))
    })
    void ended.then(() => reject(new Error(`the server ended: ${out}`)))
  })
  const protocol = `basil.${url.hash.slice('#token='.length)}`
  const socket = new WebSocket(`ws://${url.host}/api`, protocol, { origin: url.origin })
  socket.on('error', () => undefined) // it goes with the server
  const client: ContractRouterClient<typeof api> = createORPCClient(new RPCLink({ websocket: socket as never }))
  return { child, client, ended }
}

/** One server, until it is killed at an epoch that the page is told, or the run is done. */
async function sat(home: string, run: RunId, killAt: number): Promise<{ told: Epoch[]; isDone: boolean }> {
  const { child, client, ended } = await served(home)
  await client.runs.resume({ run })
  const events = (await client.runs.watch({ run }))[Symbol.asyncIterator]()
  const told: Epoch[] = []
  let engines: number[] = []
  for (;;) {
    const next = await Promise.race([events.next().catch(() => null), ended])
    if (!next || next.done) break
    const event = next.value
    if (event.type === 'epoch') told.push([event.stage, event.epoch])
    if (told.length < killAt || engines.length > 0) continue
    engines = childrenOf(child.pid ?? 0)
    child.kill('SIGKILL')
  }
  const isDone = engines.length === 0
  if (isDone) child.kill('SIGTERM')
  await ended
  for (const engine of engines) await expect.poll(() => alive(engine)).toBe(false)
  return { told, isDone }
}

test.runIf(process.platform === 'linux')(
  'kill -9 of the server while a page watches a run: nothing told is gone, and the next server goes on to the same bits',
  async () => {
    const began = performance.now()
    const chance = seeded(seed)
    const calm = await toyWorkbench(temporaryFolder())
    const whole = await calm.runs.start(config)
    await follow(calm, whole)
    const found = { kills: 0, lost: 0, differ: 0 }
    while (found.kills < wanted) {
      const home = temporaryFolder()
      const run = await brokenOff(home)
      const told: Epoch[] = []
      for (let isDone = false; !isDone; ) {
        const sitting = await sat(
          home,
          run,
          found.kills < wanted ? 1 + Math.floor(chance() * 6) : Number.POSITIVE_INFINITY,
        )
        told.push(...sitting.told)
        isDone = sitting.isDone
        if (isDone) continue
        const left = await leftAfter(home, run, told)
        found.lost += left.missing
        isDone = left.isDone
        if (!isDone) found.kills++
      }
      const reader = await toyWorkbench(home, undefined, false)
      if (JSON.stringify(bitsOf(reader, run)) !== JSON.stringify(bitsOf(calm, whole))) found.differ++
      await reader.close()
    }
    const { kills, lost, differ } = found
    tell('R3', began, { count: kills, lost, differ, seed, besides: `${kills} of the server` })
    expect({ lost, differ }).toEqual({ lost: 0, differ: 0 })
  },
)
