// The engines in lines: one an engine, with its state, what a step took in its trial and what that is against the one
// in use, its size, and why it cannot be used. `basil engine` and doctor print them.
import { type EngineRow, engineTitles, kindOf, type Tried } from '../contract/api/engines.ts'
import type { Gpu, Installed, NativeStatus } from '../contract/api/native.ts'

const states = { 'in-use': 'in use', ready: 'ready', missing: 'missing', failed: 'failed' } as const

export function engineLines(rows: readonly EngineRow[]): string[] {
  return rows.map(({ name, state, why, next, trial, factor, bytes, downloadBytes }) => {
    const speed = trial ? `${short(trial.milliseconds)} ms a step` : ''
    const against = factor !== null && state !== 'in-use' ? `${short(factor)} times as fast as now` : ''
    const room = bytes === null ? '' : `${size(bytes)}${downloadBytes ? ` (${size(downloadBytes)} to download)` : ''}`
    const told = [speed, against, room, why, next && `next: ${next}`].filter(Boolean)
    return `${engineTitles[name].padEnd(11)} ${states[state].padEnd(8)} ${told.join('; ')}`.trimEnd()
  })
}

/** The status in lines. */
export function statusLines({ installed, outdated, damaged, refused, gpus, noGpu, ...status }: NativeStatus): string[] {
  const there = installed
    ? `${installedText(installed)} in ${installed.folder}`
    : damaged
      ? `not whole, and not used: ${damaged}`
      : ['nothing', refused].filter(Boolean).join('; ')
  const { engine } = status
  const inUse = engine?.name ?? 'nothing: "basil doctor" says why'
  return [
    `Installed  ${there}`,
    ...(outdated ? [`           ${outdated}: install it again`] : []),
    `In use     ${inUse}${engine?.reason ? ` (${engine.reason})` : ''}`,
    `Chosen     ${status.choice === 'auto' ? 'auto: the fastest that is here' : engineTitles[status.choice]}`,
    `Device     ${status.device}`,
    ...(gpus.length ? gpus.map((gpu) => `GPU        ${gpuText(gpu)}`) : [`GPU        none: ${noGpu}`]),
    ...engineLines(status.engines).map((line) => `  ${line}`),
  ]
}

/** What came of one trial. */
export function triedLine({ kind, trial, why }: Tried): string {
  const [name = kind] = Object.entries(kindOf).flatMap(([name, of]) => (of === kind ? [name] : []))
  return `${name.padEnd(8)} ${trial ? `${short(trial.milliseconds)} ms a step: ${trial.engine.name}` : why}`
}

export function installedText({ kind, tensorflow, bytes }: Installed): string {
  return `TensorFlow ${tensorflow} for ${kind === 'cuda' ? 'CUDA' : 'the CPU'}, ${size(bytes)}`
}

function gpuText({ id, name, memoryBytes, freeBytes, driver }: Gpu): string {
  return `${id}  ${name}, ${size(freeBytes)} of ${size(memoryBytes)} free, driver ${driver}`
}

export function size(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.round(bytes / 1e6)} MB`
}

const short = (value: number): string => String(value >= 100 ? Math.round(value) : Number(value.toPrecision(2)))
