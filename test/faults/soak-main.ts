// A served workbench with the toy engine that a day of work goes through, for soak.test.ts: run after run is started,
// watched and listed by pages that come and go, and after each the memory that this process and the engine's hold is
// told on stdout. Arguments: data folder, number of runs, milliseconds from the begin of one to that of the next.
// Start it with --expose-gc.
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/websocket'
import type { ContractRouterClient } from '@orpc/contract'
import { WebSocket } from 'ws'

import type { api } from '../../src-main/contract/api/api.ts'
import { serve } from '../../src-main/server/serve.ts'
import { type EngineProcess, forkEngine } from '../../src-main/workbench/link/engine-process.ts'
import { openWorkbench } from '../../src-main/workbench/workbench.ts'
import { bytesHeld } from '../engine/formats/bytes.ts'
import { patience } from '../patience.ts'
import { toyEntry, toyFile } from '../workbench/toy-run.ts'

export interface Sample {
  run: number
  held: number // bytes of JavaScript's, garbage collected
  rss: number
  files: number // open
  resources: number // asynchronous, active
  engineRss: number
  engineFiles: number
  wal: number // bytes
  logs: number // bytes of all
}

const [home = '', runs = '0', apart = '0'] = process.argv.slice(2)
const config = { ...toyFile, iterations: 2, epochs: 12 }
const openFiles = (pid: number | undefined): number => readdirSync(`/proc/${pid ?? 'self'}/fd`).length
const rssOf = (pid: number): number => Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4096
const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0

let engine: EngineProcess | undefined
mkdirSync(join(home, 'sample'), { recursive: true })
mkdirSync(join(home, 'renderer'))
writeFileSync(join(home, 'renderer', 'index.html'), '<!doctype html><title>Basil</title>')
const sample = join(home, 'sample', 'sample.json')
writeFileSync(sample, JSON.stringify(config))
const workbench = await openWorkbench({
  ...{ home, resources: home, sample, write: true },
  engine: (environment) => {
    engine = forkEngine(toyEntry, environment)
    return engine
  },
})
const served = await serve(workbench, { port: 0, renderer: join(home, 'renderer') })
const { port, hash } = new URL(served.url)

async function page(): Promise<{ client: ContractRouterClient<typeof api>; leave: () => Promise<void> }> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api`, `basil.${hash.slice('#token='.length)}`, {
    origin: `http://127.0.0.1:${port}`,
  })
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  const leave = (): Promise<void> =>
    new Promise((resolve) => {
      socket.once('close', () => resolve())
      socket.close()
    })
  return { client: createORPCClient(new RPCLink({ websocket: socket as never })), leave }
}

const active = (): string[] => process.getActiveResourcesInfo().filter((kind) => kind !== 'Timeout')
const passing = /^(TCPSocketWrap|FSReq.*|.*Req(Wrap)?|WriteWrap|ShutdownWrap|Immediate)$/

/**
 * Until this side's pages are closed on the other too and no file is at work, which a busy machine may take a while
 * for; what stays for minutes is left.
 */
async function otherSide(): Promise<void> {
  for (const end = performance.now() + patience; active().some((kind) => passing.test(kind)); await setTimeout(20))
    if (performance.now() > end) return
}

for (let run = 0; run < Number(runs); run++) {
  const next = setTimeout(Number(apart))
  const [mine, other] = [await page(), await page()]
  const { grant } = await mine.client.projects.sample()
  const begun = await mine.client.runs.start({ grant, config })
  for await (const event of await mine.client.runs.watch(begun)) if (event.type === 'done') break
  await other.client.runs.list({ limit: 20 })
  await other.client.runs.show(begun)
  await Promise.all([mine.leave(), other.leave()])
  await otherSide()
  for (let times = 0; times < 2; times++) globalThis.gc?.()
  const logs = readdirSync(home, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.log'))
  const sample: Sample = {
    ...{ run, held: bytesHeld(), rss: process.memoryUsage.rss(), files: openFiles(undefined) },
    resources: active().length,
    engineRss: engine?.pid ? rssOf(engine.pid) : 0,
    engineFiles: engine?.pid ? openFiles(engine.pid) : 0,
    wal: sizeOf(join(home, 'history.sqlite-wal')),
    logs: logs.reduce((sum, name) => sum + sizeOf(join(home, name)), 0),
  }
  writeSync(1, `${JSON.stringify(sample)}\n`)
  await next
}
await served.close()
await workbench.close()
