import type { Placement } from './resolve-template.ts'

/** A stack of the stage `prod`, for somebody who wants to hear of alarms. */
export const placement: Placement = {
  partition: 'aws',
  accountId: '111122223333',
  region: 'us-east-1',
  stackName: 'photos-prod',
  conditions: ['HasAlarmEmail'],
}
