// Calls of PyTorch's by which a pickle makes a tensor again (torch._utils), as steps, and a file of one tensor so made.
import { openTensorFile } from '../../../src-main/engine/formats/open.ts'
import type { TensorFile } from '../../../src-main/engine/formats/tensor-file.ts'
import { sourceOf } from './bytes.ts'
import { archive, dictionary, global, int, plain, type Step, text, tuple } from './pickle-steps.ts'

export const float32 = (...numbers: number[]): Uint8Array => new Uint8Array(Float32Array.from(numbers).buffer)
export const opened = (w: Step[], data = float32(1, 2, 3, 4)): Promise<TensorFile> =>
  openTensorFile(sourceOf(archive(dictionary({ 'layer.w': w }), { 0: data }), 'a.pt'))
export const hexOf = async (file: TensorFile): Promise<string> =>
  Buffer.from(await file.read('layer.w')).toString('hex')

export const yes = plain('\x88')
export const no = plain('\x89')

export const called = (name: string, ...args: (Step | Step[])[]): Step[] => [
  global(name),
  ...tuple(...args),
  ...plain('R'),
]
export const storage = (type: string, elements: number): Step[] => [
  ...tuple(text('storage'), global(type), text('0'), text('cpu'), int(elements)),
  ...plain('Q'),
]
export const typed = (dtype: string, bytes: number, shape: number[], strides: number[], offset = 0): Step[] =>
  called(
    'torch._utils _rebuild_tensor_v3',
    storage('torch.storage UntypedStorage', bytes),
    int(offset),
    tuple(...shape.map(int)),
    tuple(...strides.map(int)),
    plain('\x89N'),
    [global(dtype)],
  )
