// The formats of checkpoints that Basil reads: what people call each, and how its files are named. To add one: a line
// here, and in engine/formats a file that reads it with its line in index.ts, which the types then ask for. The dialogs,
// the library's scan, dropped files, tensor files of images and what messages say is read follow (file-names.ts).
import type { Container } from './checkpoint.ts'

export interface FormatCard {
  title: string // for messages
  extensions: readonly string[] // without their dot; a written file has the first
  container?: Container // in which Basil writes models
}

export const formatCards = {
  safetensors: { title: 'safetensors', extensions: ['safetensors'], container: 'safetensors' },
  pytorch: { title: 'PyTorch', extensions: ['pt', 'pth', 'bin', 'ckpt'], container: 'state_dict' },
  'pytorch-legacy': { title: 'PyTorch before 1.6', extensions: ['pt', 'pth', 'bin', 'ckpt'] },
  npz: { title: 'npz', extensions: ['npz'] },
} as const satisfies Record<string, FormatCard>
export type FormatName = keyof typeof formatCards
