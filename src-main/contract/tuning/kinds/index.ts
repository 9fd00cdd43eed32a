// The kinds of fine-tuning. To add one: its card and a line in this list, its mathematics and a line in
// engine/tuning/kinds/index.ts.
import { diffPruning } from './diff-pruning.ts'
import { linear } from './linear.ts'
import { lora } from './lora.ts'
import { standard } from './standard.ts'
import { talos } from './talos.ts'
import { taps } from './taps.ts'
import { tauJp } from './tau-jp.ts'

export const tuningKinds = [standard, linear, tauJp, talos, lora, taps, diffPruning] as const
export type TuningKind = (typeof tuningKinds)[number]['name']
