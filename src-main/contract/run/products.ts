// What the factors of a matrix product are rounded to before they are multiplied: how many bits of mantissa they keep.
// Products are summed in float32 whatever their factors have (on a processor, TensorFlow rounds the sum of bf16
// factors to bf16 once more), and all else (norms, attention's softmax, the head, the optimiser) stays as it is. A
// kind is part of what must be the same for the same bits. Which engine has which is said by the engine
// (engine/devices/engine.ts).
//   float32: 23 bits;  tf32: 10 bits of mantissa, float32's exponent;  bf16: 7 bits, float32's exponent
export const productsIn = ['float32', 'tf32', 'bf16'] as const
export type Products = (typeof productsIn)[number]

export const productsOf = {
  float32: '23 bits of mantissa, all of them',
  tf32: '10 bits of mantissa: a factor is off by up to 0.05 %',
  bf16: '7 bits of mantissa: a factor is off by up to 0.4 %',
} satisfies Record<Products, string>
