// What the person chose to compute on: "auto", "cpu" or "gpu:N", kept in <data folder>/engine/device.json; BASIL_DEVICE
// wins over it for one process, and --device sets that.
import { dirname, join } from 'node:path'

import { deviceSchema } from '../../contract/api/native.ts'
import { deviceLost } from '../../contract/device-faults.ts'
import { BasilError } from '../../contract/errors.ts'
import type { EngineInfo } from '../../contract/run/engine-info.ts'
import { currentEngine } from '../../files/engine-folder.ts'
import { logsFolder } from '../../files/log.ts'
import { makeFolder } from '../../files/made-folder.ts'
import { readStartSync } from '../../files/open.ts'
import { writeAtomic } from '../../files/write-atomic.ts'
import { engineOrder } from '../engines/choice.ts'
import { limitsEnvironment } from '../settings/kept.ts'
import { gpus } from './gpus.ts'

const fileOf = (home: string): string => join(home, 'engine', 'device.json')

/**
 * What the person chose; auto when nothing was, or what was kept cannot be read. Throws config-invalid for a wrong
 * BASIL_DEVICE.
 */
export function deviceChoice(home: string, env: NodeJS.ProcessEnv = process.env): string {
  const wanted = env['BASIL_DEVICE']
  if (wanted) return parsed(wanted)
  try {
    return parsed(kept(home).device)
  } catch {
    return 'auto'
  }
}

function kept(home: string): { device: unknown; card?: unknown } {
  return JSON.parse(readStartSync(fileOf(home), 1000).bytes.toString('utf8')) as { device: unknown }
}

/** What the driver calls a card that was chosen by its number, for engines that know no numbers; empty: any. */
export async function cardNamed(device: string, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  return device.startsWith('gpu:') ? ((await gpus(env)).gpus.find(({ id }) => id === device)?.name ?? '') : ''
}

/** The card that was chosen with the device, by name; empty: any. */
function cardChoice(home: string, device: string, env: NodeJS.ProcessEnv): string {
  if (env['BASIL_CARD'] || !device.startsWith('gpu:')) return env['BASIL_CARD'] ?? ''
  try {
    const { device: of, card } = kept(home)
    return of === device && typeof card === 'string' ? card : ''
  } catch {
    return ''
  }
}

/**
 * From the next start of the engine on, for every process with this data folder; what the environment said before is
 * outdated.
 */
export async function chooseDevice(home: string, device: string, env: NodeJS.ProcessEnv = process.env): Promise<void> {
  delete env['BASIL_CARD']
  const text = `${JSON.stringify({ device: parsed(device), card: await cardNamed(device, env) })}\n`
  makeFolder(dirname(fileOf(home)))
  await writeAtomic(fileOf(home), [Buffer.from(text)], { overwrite: true })
  delete env['BASIL_DEVICE']
}

function parsed(device: unknown): string {
  const found = deviceSchema.safeParse(device)
  if (found.success) return found.data
  throw new BasilError({
    code: 'config-invalid',
    what: 'There is no such device',
    where: 'BASIL_DEVICE or --device',
    why: `it is ${JSON.stringify(device)}`,
    next: 'give auto, cpu or gpu:N; "basil doctor" lists the GPUs',
    inWindow: 'choose one of the devices on the page Engine',
  })
}

/**
 * All that the engine's process gets: the addon of the installed TensorFlow, the kinds of engine it is to try, the
 * devices it may see, and where what was measured of a card, and its log, is kept.
 */
export function engineEnvironment(
  home: string,
  device: string,
  env: NodeJS.ProcessEnv = process.env,
): NodeJS.ProcessEnv {
  const { BASIL_CHOICE: _, BASIL_ENGINES: __, BASIL_CARD: ___, ...inherited } = env
  const addon = env['BASIL_ADDON'] || currentEngine(home).installed?.addon
  const isForced = Boolean(env['BASIL_BACKEND'])
  const order = engineOrder(home, device, env)
  const seesNone = device === 'cpu' || (!isForced && !order.includes('native-gpu'))
  const visible = seesNone ? '-1' : /^gpu:(\d+)$/.exec(device)?.[1]
  const card = cardChoice(home, device, env)
  return {
    MALLOC_MMAP_THRESHOLD_: '1048576', // bytes: tensors freed go back to the system, 70 MB less of a ViT-B/32's step
    ...inherited,
    ...limitsEnvironment(home, env),
    ...(addon ? { BASIL_ADDON: addon } : {}),
    ...(isForced && device !== 'cpu' ? {} : { BASIL_ENGINES: order.join() }),
    ...(device === 'cpu' && /^(cuda|webgpu)$/.test(env['BASIL_BACKEND'] ?? '') ? { BASIL_BACKEND: '' } : {}),
    ...(card ? { BASIL_CARD: card } : {}),
    BASIL_TUNING: join(home, 'engine'),
    BASIL_LOGS: logsFolder(home),
    CUDA_DEVICE_ORDER: 'PCI_BUS_ID', // so that a number means the card nvidia-smi shows under it
    ...(visible === undefined ? {} : { CUDA_VISIBLE_DEVICES: visible }),
    TF_FORCE_GPU_ALLOW_GROWTH: 'true', // else TensorFlow takes the whole card
  }
}

/** A GPU that was chosen and is not in use is an error: a week on the CPU by mistake is worse. Throws device-lost. */
export function requireDevice(device: string, engine: EngineInfo, noGpu = ''): void {
  if (!device.startsWith('gpu:') || engine.kind === 'native-gpu' || engine.kind === 'webgpu') return
  const why = [`${device} was chosen, and the engine runs on ${engine.name}`, engine.reason, noGpu]
    .filter(Boolean)
    .join('; ')
  const { record } = deviceLost(why)
  throw new BasilError({
    ...record,
    what: 'The chosen GPU is not in use',
    next: 'choose auto or cpu, or see to the GPU: "basil doctor" says what is there',
    inWindow: 'choose another device on the page Engine, or see to the driver of the GPU',
  })
}
