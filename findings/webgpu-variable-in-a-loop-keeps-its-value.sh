#!/usr/bin/env bash
# npm webgpu 0.6.2 (Dawn) on SwiftShader (Debian's chromium-common 156.0.8078.108): a WGSL variable that is declared in a loop
# without an initialiser is zero in the first turn only. WGSL says that it starts at its zero value each time its declaration is
# reached; here "var s : vec4f;" goes on from the turn before, as arrays do, so that a kernel which adds up a tile in it is right
# for one tile and wrong for two. With an initialiser, "var s = vec4f();", it is zero each time. No error and no warning is
# given, and a software driver is what tests run kernels on where there is no card.
# Seen, sums of two ones in three turns: array<vec4f, 4> 2,4,6; array<f32, 4> 2,4,6; vec4f 2,4,6; with an initialiser 2,2,2.
# Whether Dawn's compiler or SwiftShader is at fault is not known here; no card was at hand.
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -q chromium-common libvulkan1 >/dev/null
for package in *.deb; do dpkg-deb -x "$package" debian; done
npm init -y >/dev/null && npm install --silent --no-audit --no-fund webgpu@0.6.2
export VK_DRIVER_FILES="$folder/debian/usr/lib/chromium/vk_swiftshader_icd.json"
export LD_LIBRARY_PATH="$folder/debian/usr/lib/x86_64-linux-gnu"
cat > turns.mjs <<'JS'
import { create, globals } from 'webgpu'

Object.assign(globalThis, globals)
const gpu = create([])
const adapter = await gpu.requestAdapter()
console.log(`webgpu 0.6.2 on ${adapter.info.description}`)
const device = await adapter.requestDevice()

/** What is in the variable after each of three turns that add two ones to it. */
async function turns(declaration, first) {
  const code = `
@group(0) @binding(0) var<storage, read> x : array<f32>;
@group(0) @binding(1) var<storage, read_write> y : array<f32>;
@compute @workgroup_size(1) fn main() {
  for (var turn = 0u; turn < 3u; turn++) {
    ${declaration}
    for (var c = 0u; c < 2u; c++) { for (var i = 0u; i < 4u; i++) { s[i] += ${first === 's[0]' ? 'x[c]' : 'vec4f(x[c])'}; } }
    y[turn] = ${first};
  }
}`
  const module = device.createShaderModule({ code })
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module, entryPoint: 'main' } })
  const buffer = (size, usage) => device.createBuffer({ size, usage })
  const x = buffer(8, GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST)
  const y = buffer(12, GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC)
  const read = buffer(12, GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST)
  device.queue.writeBuffer(x, 0, Float32Array.of(1, 1))
  const encoder = device.createCommandEncoder()
  const pass = encoder.beginComputePass()
  pass.setPipeline(pipeline)
  const entries = [x, y].map((one, binding) => ({ binding, resource: { buffer: one } }))
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }))
  pass.dispatchWorkgroups(1)
  pass.end()
  encoder.copyBufferToBuffer(y, 0, read, 0, 12)
  device.queue.submit([encoder.finish()])
  await read.mapAsync(GPUMapMode.READ)
  const found = [...new Float32Array(read.getMappedRange())].join()
  console.log(`${declaration.padEnd(32)} ${found}`)
  return found
}

const kept = await turns('var s : array<vec4f, 4>;', 's[0].x')
await turns('var s : array<f32, 4>;', 's[0]')
const single = await turns('var s : vec4f;', 's[0]')
const initialised = await turns('var s = array<vec4f, 4>();', 's[0].x')
globalThis.gpu = gpu // as long as the device
process.exit(kept === '2,4,6' && single === '2,4,6' && initialised === '2,2,2' ? 0 : 1)
JS
node turns.mjs
