import { setTimeout } from 'node:timers/promises'

/** Between two looks at what AWS is doing; as often as serverless looks, which tests make it do in a hurry. */
export async function pause() {
  await setTimeout(Number(process.env['SLS_AWS_MONITORING_FREQUENCY'] ?? 5000))
}
