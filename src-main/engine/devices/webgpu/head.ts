// A frozen head and its loss on the device (problems/head.ts on the host): the two products by `matmul`, in between an
// image's softmax, which a workgroup takes:
//   logits = scale W u + bias,  log p = logits - log sum exp,  g = weight scale dL/dlogits
//     cross-entropy  L = -log p_y,            dL/dlogit_c = p_c - [c = y]
//     entropy        L = -sum p log p,        dL/dlogit_c = -p_c (log p_c + L)
//   dL/dz = (dU - (dU u) u) / |z|,  dU = g W,   or dU where features are taken as they are
import type { DeviceHead, DeviceLoss, HeadNumbers, Ops } from '../ops.ts'
import { disposeAll, type Tensor1D, type Tensor2D } from '../tensor.ts'
import type { WebGpuDevice } from './device.ts'
import { family, kernel } from './kernel.ts'
import { each, rowKernel, runRows } from './row-kernel.ts'
import { asDots } from './vectors.ts'

const unit = family((embed: number, normalised: boolean) =>
  rowKernel({
    name: normalised ? 'features to unit length' : 'features as they are',
    width: embed,
    words: { first: 'u32' },
    reads: ['z'],
    writes: ['u'],
    written: ['lengths'],
    code: `
  let start = (p.first + row) * count;
  var s = 0.0;
  ${each('let v = z[start + c]; s += product(v, v);')}
  let all = total(t, vec2f(s, 0.0)).x;
  let length = ${normalised ? 'max(sqrt(all), 1e-12)' : '1.0'};
  ${each('u[at + c] = z[start + c] / length;')}
  if (t == 0u) { lengths[row] = length; }`,
  }),
)

const featureGradient = family((embed: number) =>
  rowKernel({
    name: 'gradient of features',
    width: embed,
    reads: ['dU', 'u'],
    numbers: ['lengths'],
    writes: ['dz'],
    code: `
  var s = 0.0;
  ${each('s += product(dU[at + c], u[at + c]);')}
  let radial = total(t, vec2f(s, 0.0)).x;
  ${each('dz[at + c] = (dU[at + c] - radial * u[at + c]) / lengths[row];')}`,
  }),
)

const threads = 256

const slopes: Record<DeviceLoss, string> = {
  'label-likelihood': 'exp(l) - select(0.0, 1.0, i32(c) == labels[row])',
  'softmax-entropy': '-exp(l) * (l + loss)',
}

/** From W u: g in its place, and of each image its loss and class. */
const softmax = family((loss: DeviceLoss, biased: boolean) =>
  kernel({
    name: `softmax and ${loss}`,
    words: { classes: 'u32', images: 'u32', scale: 'f32', weight: 'f32' },
    reads: { products: 'array<f32>', labels: 'array<i32>', ...(biased && { bias: 'array<f32>' }) },
    writes: { g: 'array<f32>', told: 'array<f32>' },
    code: `
const threads = ${threads}u;
var<workgroup> largest : array<f32, threads>;
var<workgroup> places : array<u32, threads>; // classes
var<workgroup> sums : array<vec2f, threads>;
fn logit(row : u32, c : u32) -> f32 { return p.scale * products[row * p.classes + c]${biased ? ' + bias[c]' : ''}; }
@compute @workgroup_size(threads)
fn main(@builtin(workgroup_id) group : vec3u, @builtin(local_invocation_index) t : u32) {
  let row = group.x;
  var most = logit(row, min(t, p.classes - 1u));
  var place = min(t, p.classes - 1u);
  for (var c = t + threads; c < p.classes; c += threads) {
    let l = logit(row, c);
    if (l > most) { most = l; place = c; }
  }
  largest[t] = most;
  places[t] = place;
  workgroupBarrier();
  for (var half = threads / 2u; half > 0u; half /= 2u) {
    if (t < half) {
      let other = largest[t + half];
      if (other > largest[t] || (other == largest[t] && places[t + half] < places[t])) {
        largest[t] = other;
        places[t] = places[t + half];
      }
    }
    workgroupBarrier();
  }
  most = largest[0];
  var s = vec2f(); // of exp(l) and exp(l) l, l = logit - most
  for (var c = t; c < p.classes; c += threads) {
    let l = logit(row, c) - most;
    s += exp(l) * vec2f(1.0, l);
  }
  sums[t] = s;
  workgroupBarrier();
  for (var half = threads / 2u; half > 0u; half /= 2u) {
    if (t < half) { sums[t] += sums[t + half]; }
    workgroupBarrier();
  }
  let log = log(sums[0].x);
  let label = u32(clamp(labels[row], 0, i32(p.classes) - 1));
  let loss = ${loss === 'softmax-entropy' ? 'log - sums[0].y / sums[0].x' : 'log - (logit(row, label) - most)'};
  for (var c = t; c < p.classes; c += threads) {
    let l = logit(row, c) - most - log;
    g[row * p.classes + c] = p.weight * p.scale * (${slopes[loss]});
  }
  if (t == 0u) {
    told[row] = loss;
    told[p.images + row] = f32(places[0]);
  }
}`,
  }),
)

/** matmul: with all of float32's digits. */
export function head(gpu: WebGpuDevice, { matmul }: Pick<Ops, 'matmul'>): Pick<Ops, 'head'> {
  const { keep } = gpu.tensors.lifetimes
  const judge = (
    { classes, embed, scale, normalised }: HeadNumbers,
    { weights, bias }: { weights: Tensor2D; bias: Tensor1D | undefined },
    [features, first, given, loss, weight]: Parameters<DeviceHead['judge']>,
  ): ReturnType<DeviceHead['judge']> => {
    const n = given.length
    const labels = gpu.output<Tensor1D>([n])
    gpu.write(labels, given)
    const u = gpu.output<Tensor2D>([n, embed])
    const lengths = gpu.output<Tensor1D>([n])
    runRows(gpu, unit(embed, normalised), [features, u, lengths], n, [first])
    const products = matmul(u, weights, false, true)
    const g = gpu.output<Tensor2D>([n, classes])
    const told = gpu.output<Tensor2D>([2 * n, 1])
    const reads = bias ? [products, labels, bias] : [products, labels]
    gpu.run(softmax(loss, bias !== undefined), [...reads, g, told], [n], [classes, n, scale, weight])
    const dU = matmul(g, weights)
    const dFeatures = normalised ? gpu.output<Tensor2D>([n, embed]) : dU
    if (normalised) runRows(gpu, featureGradient(embed), [dU, u, lengths, dFeatures], n)
    disposeAll([labels, u, lengths, products, g, ...(normalised ? [dU] : [])])
    return { told: asDots(keep(told)), dFeatures }
  }
  return {
    head(numbers) {
      const { classes, embed } = numbers
      const weights = gpu.output<Tensor2D>([classes, embed])
      const bias = numbers.bias ? gpu.output<Tensor1D>([classes]) : undefined
      gpu.write(weights, numbers.weights)
      if (bias && numbers.bias) gpu.write(bias, numbers.bias)
      const held = bias ? [weights, bias] : [weights]
      for (const tensor of held) keep(tensor) // of a scope until all is there
      return {
        judge: (...given) => judge(numbers, { weights, bias }, given),
        dispose: () => disposeAll(held),
      }
    },
  }
}
