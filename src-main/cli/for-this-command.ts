// --device and --engine: what one command computes on, whatever was chosen. Both are told to what starts the engine's
// process by the environment. A card may be given by a part of its name; one that NVIDIA's driver does not list is
// another maker's, which WebGPU alone can use.
import { deviceSchema } from '../contract/api/native.ts'
import { gpus } from '../workbench/native/gpus.ts'

export async function forThisCommand({ device, engine }: { device?: string; engine?: string }): Promise<void> {
  if (engine) {
    process.env['BASIL_CHOICE'] = engine
    delete process.env['BASIL_BACKEND']
  }
  if (!device) return
  const { success, data } = deviceSchema.safeParse(device)
  if (success && !data.startsWith('gpu:')) process.env['BASIL_DEVICE'] = data
  else {
    const { gpus: cards } = await gpus()
    const card = cards.find(({ id, name }) => id === device || name.toLowerCase().includes(device.toLowerCase()))
    process.env['BASIL_DEVICE'] = success ? data : (card?.id ?? 'auto')
    const name = card?.name ?? (success ? '' : device)
    if (name) process.env['BASIL_CARD'] = name
    if (!success && !card) process.env['BASIL_CHOICE'] = 'webgpu'
  }
}
