// Functions in WGSL that several kernels share, on `T`: f32, or vec4f for four neighbours at once.
import type { Activation } from '../ops.ts'

export type Lane = 'f32' | 'vec4f'

/**
 * activate(x) = x gate(x), and slope(x), its derivative.
 * QuickGELU: gate s(z), z = 1.702 x; slope s (1 + z (1 - s)). GELU: gate Phi(x), slope Phi(x) + x phi(x), with Phi's
 * tail 1 - Phi(|x|) = (a1 t + ... + a5 t^5) exp(-x^2 / 2) / 2, t = 1 / (1 + 0.3275911 |x| / sqrt 2), to 1e-7
 * (Abramowitz and Stegun 7.1.26). NaN goes through.
 */
export function activationOf(kind: Activation, T: Lane): string {
  if (kind === 'quick-gelu')
    return `
fn gate(x : ${T}) -> ${T} { return 1.0 / (1.0 + exp(-clamp(1.702 * x, ${T}(-80.0), ${T}(80.0)))); }
fn activate(x : ${T}) -> ${T} { return x * gate(x); }
fn slope(x : ${T}) -> ${T} { let s = gate(x); return s * (1.0 + 1.702 * x * (1.0 - s)); }`
  return `
fn gate(x : ${T}) -> ${T} {
  let t = 1.0 / (1.0 + 0.3275911 * abs(x) * ${Math.SQRT1_2});
  let sum = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  let tail = 0.5 * sum * exp(-0.5 * x * x);
  return select(1.0 - tail, tail, x < ${T}(0.0));
}
fn activate(x : ${T}) -> ${T} { return x * gate(x); }
fn slope(x : ${T}) -> ${T} { return gate(x) + x * ${1 / Math.sqrt(2 * Math.PI)} * exp(-0.5 * x * x); }`
}

/** The element, or four, that an invocation of a flat grid (`inRows`) is for: `i`; leaves beyond `count`. */
export function flatIndex(count: string): string {
  return `let i = id.y * (groups.x * ${flatSize}u) + id.x; if (i >= ${count}) { return; }`
}

export const flatSize = 256
export const flatMain = `@compute @workgroup_size(${flatSize}) fn main(@builtin(global_invocation_id) id : vec3u, @builtin(num_workgroups) groups : vec3u)`
