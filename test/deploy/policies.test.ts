import { beforeAll, describe, expect, test } from 'vitest'
import {
  type ChangedPolicies,
  thrownOpen,
  withEachGrantWidened,
  withoutEachCondition,
  withoutEachPart,
} from './change-policies.ts'
import { type AccessRequest, type Decision, decideAccess, policyKeysOf } from './decide-access.ts'
import { readNames } from './deployed-names.ts'
import { packagedTemplate } from './packaged-template.ts'
import { placement } from './placement-in-test.ts'
import { type Policies, policiesOf, type Statement } from './policies-of.ts'
import { type PromisedDecision, parsePromises } from './promise-table.ts'
import { resolveTemplate } from './resolve-template.ts'

/**
 * Who may do what in a deployment: the security promise of the product, decided by an IAM policy simulator from the policies of the
 * template that is really packaged. `storage/…` and `upload/…` are objects of the two buckets.
 *
 * It is complete: the tests below take every grant, every denial and every condition out of the policies, and widen every grant, and
 * each time a line of this table no longer holds.
 */
const promises = `
Owners, with the credentials that pull gets: they read their own originals, have them thawed, and nothing else
  owner A                     | may     | storage/originals/A/HASH.jpg              | s3:GetObject, s3:RestoreObject
  owner A                     | may     | storage/probes/A/HASH.png                 | s3:GetObject
  owner A                     | may not | storage/originals/B/HASH.jpg              | s3:GetObject, s3:RestoreObject
  owner A                     | may not | storage/originals/AB/HASH.jpg             | s3:GetObject, s3:RestoreObject
  owner A                     | may not | storage/originals/A../HASH.jpg            | s3:GetObject, s3:RestoreObject
  owner A                     | may not | storage/originals/../originals/A/HASH.jpg | s3:GetObject, s3:RestoreObject
  owner A                     | may not | storage/originals/B/A/HASH.jpg            | s3:GetObject, s3:RestoreObject
  owner A                     | may not | storage/originals//A/HASH.jpg             | s3:GetObject, s3:RestoreObject
  owner A                     | may not | storage/originals/a/HASH.jpg              | s3:GetObject, s3:RestoreObject
  owner A                     | may not | storage/originals/A                       | s3:GetObject, s3:RestoreObject
  owner A                     | may not | storage/xoriginals/A/HASH.jpg             | s3:GetObject, s3:RestoreObject
  owner A                     | may not | storage/originals-2/A/HASH.jpg            | s3:GetObject, s3:RestoreObject
  owner A                     | may not | storage/probes/B/HASH.png                 | s3:GetObject
  owner A                     | may not | storage/probes/AB/HASH.png                | s3:GetObject
  owner A                     | may not | storage/probes/A/HASH.png                 | s3:RestoreObject
  owner A                     | may not | storage/renditions/A/HASH/view.webp       | s3:GetObject
  owner A                     | may not | storage/locations/A/ID.json               | s3:GetObject
  owner A                     | may not | storage/trash/A/ID.json                   | s3:GetObject, s3:PutObject, s3:DeleteObject
  owner A                     | may not | upload/uploads/A/HASH                     | s3:GetObject
  owner A                     | may not | storage                                   | s3:ListBucket, s3:ListBucketVersions
  owner A                     | may not | storage                                   | s3:ListBucketMultipartUploads
  owner A                     | may not | upload                                    | s3:ListBucket, s3:ListBucketVersions
  owner A                     | may not | upload                                    | s3:ListBucketMultipartUploads
  owner A                     | may not | storage/originals/A/HASH.jpg              | s3:PutObject, s3:DeleteObject, s3:DeleteObjectVersion
  owner A                     | may not | storage/originals/A/HASH.jpg              | s3:AbortMultipartUpload
  owner A                     | may not | storage/originals/A/HASH.jpg              | s3:PutObject | whatever is there
  owner A                     | may not | storage/originals/A/HASH.jpg              | s3:PutObject | as a part
  owner A                     | may not | storage/originals/A/HASH.jpg              | s3:GetObjectVersion, s3:PutObjectAcl
  owner A                     | may not | storage/originals/A/HASH.jpg              | s3:PutObjectTagging, s3:PutObjectRetention
  owner A                     | may not | storage/originals/A/HASH.jpg              | s3:PutObjectLegalHold
  owner A                     | may not | storage/originals/B/HASH.jpg              | s3:PutObject, s3:DeleteObject, s3:DeleteObjectVersion
  owner A                     | may not | storage/probes/A/HASH.png                 | s3:PutObject, s3:DeleteObject
  owner A                     | may not | upload/uploads/A/HASH                     | s3:PutObject, s3:DeleteObject
  owner A                     | may not | upload/uploads/A/HASH                     | s3:ListMultipartUploadParts, s3:AbortMultipartUpload
  owner A                     | may not | index                                     | dynamodb:GetItem, dynamodb:PutItem, dynamodb:Query
  owner A                     | may not | index                                     | dynamodb:Scan
  owner A                     | may not | auth records                              | dynamodb:GetItem, dynamodb:PutItem
  owner A                     | may not | auth secret                               | ssm:GetParameter
  owner A                     | may not | queue                                     | sqs:SendMessage, sqs:ReceiveMessage
  owner A                     | may not | function api                              | lambda:InvokeFunction
  owner A                     | may not | role of api                               | sts:AssumeRole
  owner AB                    | may not | storage/originals/A/HASH.jpg              | s3:GetObject, s3:RestoreObject
  owner *                     | may not | storage/originals/A/HASH.jpg              | s3:GetObject, s3:RestoreObject
  owner ?                     | may not | storage/originals/A/HASH.jpg              | s3:GetObject, s3:RestoreObject
  owner A/../B                | may not | storage/originals/B/HASH.jpg              | s3:GetObject, s3:RestoreObject
  an owner without a name     | may not | storage/originals/A/HASH.jpg              | s3:GetObject, s3:RestoreObject
  an owner without a name     | may not | storage/originals//HASH.jpg               | s3:GetObject, s3:RestoreObject
  an owner with an empty name | may not | storage/originals/A/HASH.jpg              | s3:GetObject, s3:RestoreObject

The API signs and begins uploads, signs downloads, keeps the index, and neither writes nor deletes an original
  api | may     | upload/uploads/A/HASH               | s3:PutObject, s3:GetObject, s3:DeleteObject, s3:ListMultipartUploadParts
  api | may     | upload/uploads/A/HASH               | s3:AbortMultipartUpload
  api | may     | upload/uploads/A/HASH               | s3:PutObject | as a part
  api | may     | upload                              | s3:ListBucket
  api | may     | storage                             | s3:ListBucket
  api | may     | storage/originals/A/HASH.jpg        | s3:GetObject
  api | may     | storage/renditions/A/HASH/view.webp | s3:GetObject
  api | may     | storage/probes/A/HASH.png           | s3:GetObject, s3:DeleteObject
  api | may     | storage/locations/A/ID.json         | s3:PutObject | whatever is there
  api | may     | storage/trash/A/ID.json             | s3:PutObject | whatever is there
  api | may     | index                               | dynamodb:BatchGetItem, dynamodb:BatchWriteItem, dynamodb:GetItem, dynamodb:PutItem
  api | may     | index                               | dynamodb:DeleteItem, dynamodb:Query
  api | may     | index/by-capture-time               | dynamodb:Query
  api | may     | log of api                          | logs:CreateLogStream, logs:PutLogEvents
  api | may not | storage/originals/A/HASH.jpg        | s3:PutObject, s3:DeleteObject, s3:DeleteObjectVersion, s3:RestoreObject
  api | may not | storage/originals/A/HASH.jpg        | s3:AbortMultipartUpload
  api | may not | storage/originals/A/HASH.jpg        | s3:PutObject | whatever is there
  api | may not | storage/originals/A/HASH.jpg        | s3:PutObject | as a part
  api | may not | storage/originals/A/HASH.jpg        | s3:GetObjectVersion, s3:PutObjectAcl, s3:PutObjectTagging, s3:PutObjectRetention
  api | may not | storage/originals/A/HASH.jpg        | s3:PutObjectLegalHold
  api | may not | storage/renditions/A/HASH/view.webp | s3:PutObject, s3:DeleteObject, s3:PutObjectAcl
  api | may not | storage/locations/A/ID.json         | s3:GetObject, s3:DeleteObject, s3:PutObjectAcl
  api | may not | storage/trash/A/ID.json             | s3:GetObject, s3:DeleteObject, s3:PutObjectAcl
  api | may not | storage/probes/A/HASH.png           | s3:PutObject, s3:DeleteObjectVersion, s3:PutObjectAcl
  api | may not | upload/uploads/A/HASH               | s3:PutObjectAcl, s3:PutObjectTagging
  api | may not | upload/elsewhere/A/HASH             | s3:PutObject, s3:GetObject, s3:DeleteObject, s3:ListMultipartUploadParts
  api | may not | upload/elsewhere/A/HASH             | s3:AbortMultipartUpload
  api | may not | upload                              | s3:PutBucketPolicy, s3:PutLifecycleConfiguration, s3:DeleteBucket
  api | may not | storage                             | s3:ListBucketVersions, s3:PutBucketPolicy, s3:PutLifecycleConfiguration
  api | may not | storage                             | s3:PutBucketVersioning, s3:DeleteBucket
  api | may not | another bucket                      | s3:ListBucket
  api | may not | index                               | dynamodb:UpdateItem, dynamodb:Scan, dynamodb:DeleteTable
  api | may not | index/by-capture-time               | dynamodb:Scan
  api | may not | index/another                       | dynamodb:Query
  api | may not | auth records                        | dynamodb:BatchGetItem, dynamodb:BatchWriteItem, dynamodb:GetItem, dynamodb:PutItem
  api | may not | auth records                        | dynamodb:DeleteItem, dynamodb:Query
  api | may not | auth secret                         | ssm:GetParameter
  api | may not | queue                               | sqs:SendMessage, sqs:ReceiveMessage
  api | may not | function process-upload             | lambda:InvokeFunction
  api | may not | log of api                          | logs:DeleteLogStream
  api | may not | log of auth                         | logs:CreateLogStream, logs:PutLogEvents

Processing reads uploads and stores originals, never over one that is there, and deletes nothing that is stored but a probe
  process-upload | may     | upload/uploads/A/HASH               | s3:GetObject, s3:DeleteObject
  process-upload | may     | upload                              | s3:ListBucket
  process-upload | may     | storage                             | s3:ListBucket
  process-upload | may     | storage/originals/A/HASH.jpg        | s3:GetObject, s3:AbortMultipartUpload
  process-upload | may     | storage/originals/A/HASH.jpg        | s3:PutObject | if nothing is there
  process-upload | may     | storage/originals/A/HASH.jpg        | s3:PutObject | as a part
  process-upload | may     | storage/renditions/A/HASH/view.webp | s3:PutObject | if nothing is there
  process-upload | may     | storage/probes/A/HASH.png           | s3:PutObject | if nothing is there
  process-upload | may     | storage/probes/A/HASH.png           | s3:DeleteObject
  process-upload | may     | index                               | dynamodb:BatchGetItem, dynamodb:PutItem
  process-upload | may     | queue                               | sqs:ReceiveMessage, sqs:DeleteMessage, sqs:GetQueueAttributes
  process-upload | may     | log of process-upload               | logs:CreateLogStream, logs:PutLogEvents
  process-upload | may not | storage/originals/A/HASH.jpg        | s3:PutObject | whatever is there
  process-upload | may not | storage/originals/A/HASH.jpg        | s3:DeleteObject, s3:DeleteObjectVersion, s3:GetObjectVersion
  process-upload | may not | storage/originals/A/HASH.jpg        | s3:RestoreObject
  process-upload | may not | storage/originals/A/HASH.jpg        | s3:PutObjectAcl, s3:PutObjectTagging, s3:PutObjectRetention
  process-upload | may not | storage/originals/A/HASH.jpg        | s3:PutObjectLegalHold
  process-upload | may not | storage/renditions/A/HASH/view.webp | s3:GetObject, s3:DeleteObject, s3:DeleteObjectVersion, s3:PutObjectAcl
  process-upload | may not | storage/locations/A/ID.json         | s3:GetObject, s3:PutObject, s3:DeleteObject, s3:AbortMultipartUpload
  process-upload | may not | storage/trash/A/ID.json             | s3:GetObject, s3:PutObject, s3:DeleteObject, s3:AbortMultipartUpload
  process-upload | may not | storage/probes/A/HASH.png           | s3:DeleteObjectVersion, s3:PutObjectAcl
  process-upload | may not | storage/elsewhere/A/HASH.jpg        | s3:PutObject
  process-upload | may not | upload/uploads/A/HASH               | s3:PutObject, s3:PutObjectAcl
  process-upload | may not | upload/elsewhere/A/HASH             | s3:GetObject, s3:DeleteObject
  process-upload | may not | upload                              | s3:PutBucketPolicy, s3:PutLifecycleConfiguration, s3:DeleteBucket
  process-upload | may not | storage                             | s3:ListBucketVersions, s3:PutBucketPolicy, s3:PutLifecycleConfiguration
  process-upload | may not | storage                             | s3:PutBucketVersioning, s3:DeleteBucket
  process-upload | may not | another bucket                      | s3:ListBucket
  process-upload | may not | index                               | dynamodb:DeleteItem, dynamodb:UpdateItem, dynamodb:BatchWriteItem
  process-upload | may not | index                               | dynamodb:Scan, dynamodb:DeleteTable
  process-upload | may not | index/by-capture-time               | dynamodb:Query
  process-upload | may not | auth records                        | dynamodb:BatchGetItem, dynamodb:PutItem, dynamodb:GetItem
  process-upload | may not | auth secret                         | ssm:GetParameter
  process-upload | may not | queue                               | sqs:SendMessage, sqs:PurgeQueue, sqs:SetQueueAttributes
  process-upload | may not | dead letters                        | sqs:ReceiveMessage, sqs:DeleteMessage, sqs:GetQueueAttributes
  process-upload | may not | log of process-upload               | logs:DeleteLogStream
  process-upload | may not | log of api                          | logs:CreateLogStream, logs:PutLogEvents

Sign-in keeps its own records and reads one secret; no photo and no index is in its reach
  auth | may     | auth records                        | dynamodb:GetItem, dynamodb:PutItem, dynamodb:UpdateItem
  auth | may     | auth records                        | dynamodb:DeleteItem, dynamodb:Query            | of owner A
  auth | may     | auth secret                         | ssm:GetParameter
  auth | may     | log of auth                         | logs:CreateLogStream, logs:PutLogEvents
  auth | may not | auth records                        | dynamodb:DeleteItem, dynamodb:Query            | of a grant
  auth | may not | auth records                        | dynamodb:DeleteItem, dynamodb:Query
  auth | may not | auth records                        | dynamodb:Scan, dynamodb:DeleteTable, dynamodb:UpdateTimeToLive
  auth | may not | auth records                        | dynamodb:BatchGetItem, dynamodb:BatchWriteItem | of owner A
  auth | may not | index                               | dynamodb:GetItem, dynamodb:PutItem, dynamodb:UpdateItem
  auth | may not | index                               | dynamodb:DeleteItem, dynamodb:Query            | of owner A
  auth | may not | storage/originals/A/HASH.jpg        | s3:GetObject, s3:PutObject, s3:DeleteObject
  auth | may not | storage/renditions/A/HASH/view.webp | s3:GetObject, s3:PutObject, s3:DeleteObject
  auth | may not | upload/uploads/A/HASH               | s3:GetObject, s3:PutObject, s3:DeleteObject
  auth | may not | storage                             | s3:ListBucket
  auth | may not | upload                              | s3:ListBucket
  auth | may not | auth secret                         | ssm:PutParameter, ssm:DeleteParameter
  auth | may not | another secret                      | ssm:GetParameter
  auth | may not | queue                               | sqs:SendMessage, sqs:ReceiveMessage
  auth | may not | log of auth                         | logs:DeleteLogStream
  auth | may not | log of api                          | logs:CreateLogStream, logs:PutLogEvents

Refreshing notes that a device of an owner refreshes its session, and does nothing else
  authorize-refresh | may     | auth records                 | dynamodb:UpdateItem                                                     | of owner A
  authorize-refresh | may     | log of authorize-refresh     | logs:CreateLogStream, logs:PutLogEvents
  authorize-refresh | may not | auth records                 | dynamodb:UpdateItem                                                     | of a grant
  authorize-refresh | may not | auth records                 | dynamodb:UpdateItem
  authorize-refresh | may not | auth records                 | dynamodb:GetItem, dynamodb:PutItem, dynamodb:DeleteItem, dynamodb:Query | of owner A
  authorize-refresh | may not | auth records                 | dynamodb:Scan
  authorize-refresh | may not | index                        | dynamodb:UpdateItem                                                     | of owner A
  authorize-refresh | may not | auth secret                  | ssm:GetParameter
  authorize-refresh | may not | storage/originals/A/HASH.jpg | s3:GetObject, s3:PutObject, s3:DeleteObject
  authorize-refresh | may not | upload/uploads/A/HASH        | s3:GetObject, s3:PutObject, s3:DeleteObject
  authorize-refresh | may not | log of authorize-refresh     | logs:DeleteLogStream
  authorize-refresh | may not | log of api                   | logs:CreateLogStream, logs:PutLogEvents

Admitting answers from a list of its own, and has nothing but its log
  admit-sign-up | may     | log of admit-sign-up         | logs:CreateLogStream, logs:PutLogEvents
  admit-sign-up | may not | log of admit-sign-up         | logs:DeleteLogStream
  admit-sign-up | may not | log of api                   | logs:CreateLogStream, logs:PutLogEvents
  admit-sign-up | may not | auth records                 | dynamodb:GetItem, dynamodb:PutItem, dynamodb:UpdateItem | of owner A
  admit-sign-up | may not | auth secret                  | ssm:GetParameter
  admit-sign-up | may not | index                        | dynamodb:GetItem
  admit-sign-up | may not | storage/originals/A/HASH.jpg | s3:GetObject, s3:PutObject, s3:DeleteObject

Should a role of the product be given everything by mistake, originals stay as they are
  api, given everything               | may not | storage/originals/A/HASH.jpg | s3:PutObject | whatever is there
  api, given everything               | may not | storage/originals/A/HASH.jpg | s3:DeleteObject, s3:DeleteObjectVersion
  api, given everything               | may not | storage/originals/A/HASH.jpg | s3:PutObjectRetention, s3:PutObjectLegalHold
  api, given everything               | may not | storage/originals/A/HASH.jpg | s3:BypassGovernanceRetention
  api, given everything               | may not | storage/originals/A/HASH.jpg | s3:PutObjectAcl, s3:PutObjectVersionAcl, s3:PutObjectTagging
  api, given everything               | may not | storage/originals/A/HASH.jpg | s3:PutObjectVersionTagging, s3:DeleteObjectTagging
  api, given everything               | may not | storage/originals/A/HASH.jpg | s3:DeleteObjectVersionTagging
  api, given everything               | may not | storage                      | s3:PutLifecycleConfiguration, s3:PutBucketVersioning
  api, given everything               | may not | storage                      | s3:PutBucketObjectLockConfiguration, s3:PutBucketPolicy
  api, given everything               | may not | storage                      | s3:DeleteBucketPolicy
  api, given everything               | may not | storage                      | s3:PutBucketAcl, s3:PutBucketPublicAccessBlock
  api, given everything               | may not | storage                      | s3:PutBucketOwnershipControls, s3:DeleteBucket
  auth, given everything              | may not | storage/originals/A/HASH.jpg | s3:PutObject | whatever is there
  auth, given everything              | may not | storage/originals/A/HASH.jpg | s3:DeleteObject, s3:DeleteObjectVersion
  auth, given everything              | may not | storage/originals/A/HASH.jpg | s3:PutObjectRetention, s3:PutObjectLegalHold
  auth, given everything              | may not | storage/originals/A/HASH.jpg | s3:BypassGovernanceRetention
  auth, given everything              | may not | storage/originals/A/HASH.jpg | s3:PutObjectAcl, s3:PutObjectVersionAcl, s3:PutObjectTagging
  auth, given everything              | may not | storage/originals/A/HASH.jpg | s3:PutObjectVersionTagging, s3:DeleteObjectTagging
  auth, given everything              | may not | storage/originals/A/HASH.jpg | s3:DeleteObjectVersionTagging
  auth, given everything              | may not | storage                      | s3:PutLifecycleConfiguration, s3:PutBucketVersioning
  auth, given everything              | may not | storage                      | s3:PutBucketObjectLockConfiguration, s3:PutBucketPolicy
  auth, given everything              | may not | storage                      | s3:DeleteBucketPolicy
  auth, given everything              | may not | storage                      | s3:PutBucketAcl, s3:PutBucketPublicAccessBlock
  auth, given everything              | may not | storage                      | s3:PutBucketOwnershipControls, s3:DeleteBucket
  process-upload, given everything    | may not | storage/originals/A/HASH.jpg | s3:PutObject | whatever is there
  process-upload, given everything    | may not | storage/originals/A/HASH.jpg | s3:DeleteObject, s3:DeleteObjectVersion
  process-upload, given everything    | may not | storage/originals/A/HASH.jpg | s3:PutObjectRetention, s3:PutObjectLegalHold
  process-upload, given everything    | may not | storage/originals/A/HASH.jpg | s3:BypassGovernanceRetention
  process-upload, given everything    | may not | storage/originals/A/HASH.jpg | s3:PutObjectAcl, s3:PutObjectVersionAcl, s3:PutObjectTagging
  process-upload, given everything    | may not | storage/originals/A/HASH.jpg | s3:PutObjectVersionTagging, s3:DeleteObjectTagging
  process-upload, given everything    | may not | storage/originals/A/HASH.jpg | s3:DeleteObjectVersionTagging
  process-upload, given everything    | may not | storage                      | s3:PutLifecycleConfiguration, s3:PutBucketVersioning
  process-upload, given everything    | may not | storage                      | s3:PutBucketObjectLockConfiguration, s3:PutBucketPolicy
  process-upload, given everything    | may not | storage                      | s3:DeleteBucketPolicy
  process-upload, given everything    | may not | storage                      | s3:PutBucketAcl, s3:PutBucketPublicAccessBlock
  process-upload, given everything    | may not | storage                      | s3:PutBucketOwnershipControls, s3:DeleteBucket
  authorize-refresh, given everything | may not | storage/originals/A/HASH.jpg | s3:PutObject | whatever is there
  authorize-refresh, given everything | may not | storage/originals/A/HASH.jpg | s3:DeleteObject, s3:DeleteObjectVersion
  authorize-refresh, given everything | may not | storage/originals/A/HASH.jpg | s3:PutObjectRetention, s3:PutObjectLegalHold
  authorize-refresh, given everything | may not | storage/originals/A/HASH.jpg | s3:BypassGovernanceRetention
  authorize-refresh, given everything | may not | storage/originals/A/HASH.jpg | s3:PutObjectAcl, s3:PutObjectVersionAcl, s3:PutObjectTagging
  authorize-refresh, given everything | may not | storage/originals/A/HASH.jpg | s3:PutObjectVersionTagging, s3:DeleteObjectTagging
  authorize-refresh, given everything | may not | storage/originals/A/HASH.jpg | s3:DeleteObjectVersionTagging
  authorize-refresh, given everything | may not | storage                      | s3:PutLifecycleConfiguration, s3:PutBucketVersioning
  authorize-refresh, given everything | may not | storage                      | s3:PutBucketObjectLockConfiguration, s3:PutBucketPolicy
  authorize-refresh, given everything | may not | storage                      | s3:DeleteBucketPolicy
  authorize-refresh, given everything | may not | storage                      | s3:PutBucketAcl, s3:PutBucketPublicAccessBlock
  authorize-refresh, given everything | may not | storage                      | s3:PutBucketOwnershipControls, s3:DeleteBucket
  admit-sign-up, given everything     | may not | storage/originals/A/HASH.jpg | s3:PutObject | whatever is there
  admit-sign-up, given everything     | may not | storage/originals/A/HASH.jpg | s3:DeleteObject, s3:DeleteObjectVersion
  admit-sign-up, given everything     | may not | storage/originals/A/HASH.jpg | s3:PutObjectRetention, s3:PutObjectLegalHold
  admit-sign-up, given everything     | may not | storage/originals/A/HASH.jpg | s3:BypassGovernanceRetention
  admit-sign-up, given everything     | may not | storage/originals/A/HASH.jpg | s3:PutObjectAcl, s3:PutObjectVersionAcl, s3:PutObjectTagging
  admit-sign-up, given everything     | may not | storage/originals/A/HASH.jpg | s3:PutObjectVersionTagging, s3:DeleteObjectTagging
  admit-sign-up, given everything     | may not | storage/originals/A/HASH.jpg | s3:DeleteObjectVersionTagging
  admit-sign-up, given everything     | may not | storage                      | s3:PutLifecycleConfiguration, s3:PutBucketVersioning
  admit-sign-up, given everything     | may not | storage                      | s3:PutBucketObjectLockConfiguration, s3:PutBucketPolicy
  admit-sign-up, given everything     | may not | storage                      | s3:DeleteBucketPolicy
  admit-sign-up, given everything     | may not | storage                      | s3:PutBucketAcl, s3:PutBucketPublicAccessBlock
  admit-sign-up, given everything     | may not | storage                      | s3:PutBucketOwnershipControls, s3:DeleteBucket
  owner A, given everything           | may not | storage/originals/A/HASH.jpg | s3:PutObject | whatever is there
  owner A, given everything           | may not | storage/originals/A/HASH.jpg | s3:DeleteObject, s3:DeleteObjectVersion
  owner A, given everything           | may not | storage/originals/A/HASH.jpg | s3:PutObjectRetention, s3:PutObjectLegalHold
  owner A, given everything           | may not | storage/originals/A/HASH.jpg | s3:BypassGovernanceRetention
  owner A, given everything           | may not | storage/originals/A/HASH.jpg | s3:PutObjectAcl, s3:PutObjectVersionAcl, s3:PutObjectTagging
  owner A, given everything           | may not | storage/originals/A/HASH.jpg | s3:PutObjectVersionTagging, s3:DeleteObjectTagging
  owner A, given everything           | may not | storage/originals/A/HASH.jpg | s3:DeleteObjectVersionTagging
  owner A, given everything           | may not | storage                      | s3:PutLifecycleConfiguration, s3:PutBucketVersioning
  owner A, given everything           | may not | storage                      | s3:PutBucketObjectLockConfiguration, s3:PutBucketPolicy
  owner A, given everything           | may not | storage                      | s3:DeleteBucketPolicy
  owner A, given everything           | may not | storage                      | s3:PutBucketAcl, s3:PutBucketPublicAccessBlock
  owner A, given everything           | may not | storage                      | s3:PutBucketOwnershipControls, s3:DeleteBucket

Those whose account it is can look, and leave with everything; an original they do not overwrite by mistake either
  an administrator | may     | storage/originals/A/HASH.jpg | s3:GetObject, s3:DeleteObject, s3:DeleteObjectVersion, s3:PutObjectRetention
  an administrator | may     | storage/originals/A/HASH.jpg | s3:BypassGovernanceRetention
  an administrator | may     | storage/originals/A/HASH.jpg | s3:PutObject | if nothing is there
  an administrator | may     | storage/originals/A/HASH.jpg | s3:PutObject | as a part
  an administrator | may     | storage/locations/A/ID.json  | s3:PutObject | whatever is there
  an administrator | may     | storage                      | s3:ListBucket, s3:PutBucketPolicy, s3:DeleteBucketPolicy, s3:DeleteBucket
  an administrator | may     | upload                       | s3:ListBucket, s3:DeleteBucket
  an administrator | may     | web/index.html               | s3:GetObject, s3:PutObject, s3:DeleteObject
  an administrator | may     | deployments/api.zip          | s3:GetObject, s3:PutObject
  an administrator | may     | dead letters                 | sqs:ReceiveMessage, sqs:StartMessageMoveTask
  an administrator | may not | storage/originals/A/HASH.jpg | s3:PutObject | whatever is there
  an administrator | may not | role of api                  | sts:AssumeRole
  an administrator | may not | role of owners               | sts:AssumeRole

Nobody comes over a line that others can read
  an administrator | may not | storage                      | s3:ListBucket                       | over plain HTTP
  an administrator | may not | upload                       | s3:ListBucket                       | over plain HTTP
  an administrator | may not | web                          | s3:ListBucket                       | over plain HTTP
  an administrator | may not | upload/uploads/A/HASH        | s3:GetObject, s3:PutObject          | over plain HTTP
  an administrator | may not | web/index.html               | s3:GetObject, s3:PutObject          | over plain HTTP
  an administrator | may not | deployments                  | s3:ListBucket                       | over plain HTTP
  an administrator | may not | deployments/api.zip          | s3:GetObject, s3:PutObject          | over plain HTTP
  an administrator | may not | queue                        | sqs:SendMessage, sqs:ReceiveMessage | over plain HTTP
  an administrator | may not | storage/originals/A/HASH.jpg | s3:GetObject                        | over plain HTTP
  an administrator | may not | storage                      | s3:ListBucket                       | over TLS 1.1
  an administrator | may not | upload                       | s3:ListBucket                       | over TLS 1.1
  an administrator | may not | web                          | s3:ListBucket                       | over TLS 1.1
  an administrator | may not | upload/uploads/A/HASH        | s3:GetObject, s3:PutObject          | over TLS 1.1
  an administrator | may not | web/index.html               | s3:GetObject, s3:PutObject          | over TLS 1.1
  an administrator | may not | storage/originals/A/HASH.jpg | s3:GetObject                        | over TLS 1.1
  owner A          | may not | storage/originals/A/HASH.jpg | s3:GetObject                        | over plain HTTP
  owner A          | may not | storage/originals/A/HASH.jpg | s3:GetObject                        | over TLS 1.1
  api              | may not | storage/originals/A/HASH.jpg | s3:GetObject                        | over plain HTTP
  api              | may not | storage/originals/A/HASH.jpg | s3:GetObject                        | over TLS 1.1

Nobody else has anything here
  a stranger      | may not | storage/originals/A/HASH.jpg | s3:GetObject, s3:PutObject, s3:DeleteObject
  a stranger      | may not | upload/uploads/A/HASH        | s3:GetObject, s3:PutObject, s3:DeleteObject
  a stranger      | may not | storage                      | s3:ListBucket, s3:GetBucketPolicy
  a stranger      | may not | queue                        | sqs:SendMessage, sqs:ReceiveMessage
  a stranger      | may not | dead letters                 | sqs:ReceiveMessage
  a stranger      | may not | function api                 | lambda:InvokeFunction
  a stranger      | may not | web/index.html               | s3:GetObject, s3:PutObject
  a stranger      | may not | deployments/api.zip          | s3:GetObject, s3:PutObject
  a stranger      | may not | alarms                       | sns:Publish, sns:Subscribe
  another account | may not | storage/originals/A/HASH.jpg | s3:GetObject, s3:PutObject, s3:DeleteObject
  another account | may not | upload/uploads/A/HASH        | s3:GetObject, s3:PutObject, s3:DeleteObject
  another account | may not | storage                      | s3:ListBucket, s3:GetBucketPolicy
  another account | may not | queue                        | sqs:SendMessage, sqs:ReceiveMessage
  another account | may not | dead letters                 | sqs:ReceiveMessage
  another account | may not | function api                 | lambda:InvokeFunction
  another account | may not | web/index.html               | s3:GetObject, s3:PutObject
  another account | may not | deployments/api.zip          | s3:GetObject, s3:PutObject
  another account | may not | alarms                       | sns:Publish, sns:Subscribe
  another account | may not | role of process-upload       | sts:AssumeRole
  another account | may not | role of owners               | sts:AssumeRole

Services of AWS do for us what they are here for, and nothing for others
  S3, for the upload bucket                   | may     | queue                      | sqs:SendMessage
  S3, for the upload bucket                   | may not | queue                      | sqs:ReceiveMessage
  S3, for the upload bucket                   | may not | dead letters               | sqs:SendMessage
  S3, for another bucket                      | may not | queue                      | sqs:SendMessage
  S3, for a bucket of another account         | may not | queue                      | sqs:SendMessage
  another service, for the upload bucket      | may not | queue                      | sqs:SendMessage
  CloudWatch, for an alarm                    | may     | alarms                     | sns:Publish
  CloudWatch, for an alarm                    | may not | alarms                     | sns:Subscribe
  CloudWatch, for another alarm               | may not | alarms                     | sns:Publish
  CloudWatch, for an alarm of another account | may not | alarms                     | sns:Publish
  another service                             | may not | alarms                     | sns:Publish
  API Gateway, for the API                    | may     | function api               | lambda:InvokeFunction
  API Gateway, for the API                    | may     | function auth              | lambda:InvokeFunction
  API Gateway, for the API                    | may not | function process-upload    | lambda:InvokeFunction
  API Gateway, for the API                    | may not | function authorize-refresh | lambda:InvokeFunction
  API Gateway, for the API                    | may not | function admit-sign-up     | lambda:InvokeFunction
  API Gateway, for another API                | may not | function api               | lambda:InvokeFunction
  API Gateway, for another API                | may not | function auth              | lambda:InvokeFunction
  Cognito, for the user pool                  | may     | function authorize-refresh | lambda:InvokeFunction
  Cognito, for another user pool              | may not | function authorize-refresh | lambda:InvokeFunction
  Cognito, for a pool of another account      | may not | function authorize-refresh | lambda:InvokeFunction
  Cognito, for the user pool                  | may     | function admit-sign-up     | lambda:InvokeFunction
  Cognito, for another user pool              | may not | function admit-sign-up     | lambda:InvokeFunction
  Cognito, for a pool of another account      | may not | function admit-sign-up     | lambda:InvokeFunction
  Cognito, for the user pool                  | may not | function auth              | lambda:InvokeFunction
  Lambda                                      | may     | role of api                | sts:AssumeRole
  Lambda                                      | may     | role of auth               | sts:AssumeRole
  Lambda                                      | may     | role of process-upload     | sts:AssumeRole
  Lambda                                      | may     | role of authorize-refresh  | sts:AssumeRole
  Lambda                                      | may     | role of admit-sign-up      | sts:AssumeRole
  Lambda                                      | may not | role of owners             | sts:AssumeRole
  another service                             | may not | role of api                | sts:AssumeRole
  whoever has signed in                       | may     | role of owners             | sts:AssumeRoleWithWebIdentity, sts:TagSession
  whoever has signed in                       | may not | role of api                | sts:AssumeRoleWithWebIdentity
  a guest                                     | may not | role of owners             | sts:AssumeRoleWithWebIdentity, sts:TagSession
  whoever has signed in elsewhere             | may not | role of owners             | sts:AssumeRoleWithWebIdentity, sts:TagSession
`

const sections = parsePromises(promises)
const rows = sections.flatMap((section) => section.rows)

/** Where a grant is for more than one thing, and why it has to be. */
const wildcards = {
  'upload/uploads/*': 'originals on their way, of every owner: whose it is says the token, which the function looks at',
  'storage/originals/*': 'originals of every owner, for the functions that store them and look whether they are there',
  'storage/renditions/*': 'what was made from them',
  'storage/locations/*': 'where they were found, from which the index can be made anew',
  'storage/trash/*': 'what went into the trash and out of it, from which the index can be made anew',
  'storage/probes/*': 'what photos doctor sends, and takes away again',
  'storage/originals/${aws:PrincipalTag/owner}/*': 'all originals of the one owner whose session it is',
  'storage/probes/${aws:PrincipalTag/owner}/*': 'and their probes',
  'log of api:*': 'the streams of a log, whose names Lambda makes up',
  'log of auth:*': 'the same',
  'log of process-upload:*': 'the same',
  'log of authorize-refresh:*': 'the same',
  'log of admit-sign-up:*': 'the same',
}

let policies: Policies
let shorten: (arn: string) => string
let requestOf: (promise: PromisedDecision) => AccessRequest

beforeAll(async () => {
  const template = resolveTemplate(await packagedTemplate(), placement)
  policies = policiesOf(template)
  ;({ requestOf, shorten } = readNames(template, placement))
}, 240_000)

for (const section of sections) {
  describe(section.heading, () => {
    for (const row of section.rows) {
      test(row.title, async () => {
        expect(await decideAccess(policies, requestOf(row))).toBe(row.decision)
      })
    }
  })
}

describe('as little as possible', () => {
  test('no grant is for actions that are not spelled out', () => {
    expect(grantsOf(policies).flatMap(({ Action }) => Action.filter((action) => /[*?]/.test(action)))).toEqual([])
  })

  test('every grant for more than one thing is in the list of those that have to be', () => {
    const resources = grantsOf(policies).flatMap(({ Resource = [] }) => Resource.filter((resource) => /[*?]/.test(resource)))
    expect([...new Set(resources.map(shorten))].sort()).toEqual(Object.keys(wildcards).sort())
  })

  test('nobody is granted anything without a name', () => {
    expect(grantsOf(policies).filter(({ Principal }) => JSON.stringify(Principal)?.includes('*'))).toEqual([])
  })

  test('each function has a role of its own, and there is no other role but the owners’', () => {
    const roles = ['api', 'auth', 'process-upload', 'authorize-refresh', 'admit-sign-up'].map((name) => `role of ${name}`)
    const found = [...policies.keys()].filter((key) => key.includes(':role/') && !key.startsWith('trust of '))
    expect(found.map(shorten).sort()).toEqual([...roles, 'role of owners'].sort())
  })
})

describe('the table has teeth', () => {
  test('each request that is denied is one that AWS would grant, were everybody allowed everything', async () => {
    const denied = rows.filter(({ decision }) => decision === 'denied')
    const stillDenied: string[] = []
    for (const row of denied) {
      const request = requestOf(row)
      if ((await decideAccess(thrownOpen(policies, request), request)) === 'denied') stillDenied.push(row.title)
    }
    expect(stillDenied).toEqual([])
  })

  test('nothing is granted or denied that no line needs', async () => {
    expect(await unnoticed(withoutEachPart(policies))).toEqual([])
  })

  test('no condition can be left out', async () => {
    expect(await unnoticed(withoutEachCondition(policies))).toEqual([])
  })

  test('no grant can be made any wider', async () => {
    expect(await unnoticed(withEachGrantWidened(policies))).toEqual([])
  })
})

function grantsOf(all: Policies): readonly Statement[] {
  return [...all.values()].flatMap(({ Statement }) => Statement).filter(({ Effect }) => Effect === 'Allow')
}

/** Changes of the policies after which the whole table still holds. */
async function unnoticed(changes: Iterable<ChangedPolicies>): Promise<readonly string[]> {
  const requests = rows.map((row) => ({ ...row, request: requestOf(row) }))
  const kept: string[] = []
  for (const { title, policies: changed, key, actions, turns } of changes) {
    const isAbout = (action: string) =>
      actions.some((name) => name === action || (name.endsWith('*') && action.startsWith(name.slice(0, -1))))
    const concerned = requests.filter(
      ({ decision, action, request }) => decision === turns && isAbout(action) && policyKeysOf(request).includes(key),
    )
    if (await areAll(turns, changed, concerned)) kept.push(title)
  }
  return kept
}

async function areAll(
  decision: Decision,
  changed: Policies,
  requests: readonly { readonly request: AccessRequest }[],
): Promise<boolean> {
  for (const { request } of requests) if ((await decideAccess(changed, request)) !== decision) return false
  return true
}
