// Everything that a deployment can be told, with its default: for serverless.yml (`params`), `npm run deploy` and docs/deploy.md.

/**
 * @typedef {object} Parameter
 * @property {string} default as Serverless Framework takes it on its command line
 * @property {RegExp} pattern what a value may look like; the default always may
 * @property {string} looksLike the same in words
 * @property {string} says what it is for
 */

const email = /^[^\s@"]+@[^\s@"]+\.[^\s@"]+$/

/** @satisfies {Readonly<Record<string, Parameter>>} */
const parameters = {
  storageClass: {
    default: 'INTELLIGENT_TIERING',
    pattern: /^(STANDARD|STANDARD_IA|INTELLIGENT_TIERING|GLACIER_IR|DEEP_ARCHIVE)$/,
    looksLike: 'STANDARD, STANDARD_IA, INTELLIGENT_TIERING, GLACIER_IR or DEEP_ARCHIVE',
    says: 'storage class of the originals that are backed up from now on (docs/cost.md)',
  },
  objectLockDays: {
    default: '0',
    pattern: /^(0|[1-9]\d{0,3})$/,
    looksLike: 'a number of days, at most 9999 (27 years)',
    says: 'for so many days an original can be deleted only by who expressly bypasses its lock (s3:BypassGovernanceRetention); 0 = off',
  },
  alarmEmail: {
    default: '',
    pattern: email,
    looksLike: 'an email address',
    says: 'who is told when something fails, when no backup has come for long, or when the budget is used up',
  },
  budgetUsd: {
    default: '5',
    pattern: /^(?=.*[1-9])(0|[1-9]\d{0,5})(\.\d{1,2})?$/,
    looksLike: 'an amount in US dollars, more than 0',
    says: 'tells alarmEmail when a month costs more',
  },
  syncMissingDays: {
    default: '7',
    pattern: /^[1-7]$/, // CloudWatch looks back no further
    looksLike: 'a number of days, from 1 to 7',
    says: 'tells alarmEmail when nothing was backed up for so many days',
  },
  googleClientId: {
    default: '',
    pattern: /^[\w-]+\.apps\.googleusercontent\.com$/,
    looksLike: '….apps.googleusercontent.com',
    says: 'lets people sign in with Google; needs googleEmails',
  },
  googleEmails: {
    default: '',
    pattern: /^[^\s@",]+@[^\s@",]+\.[^\s@",]+(,[^\s@",]+@[^\s@",]+\.[^\s@",]+)*$/,
    looksLike: 'email addresses with commas between them',
    says: 'who may sign in with Google: without it, everybody could who has an account there',
  },
  domainName: {
    default: '',
    pattern: /^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/,
    looksLike: 'photos.example.org',
    says: 'a name of your own for the API; needs certificateArn',
  },
  certificateArn: {
    default: '',
    pattern: /^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate\/[\w-]+$/,
    looksLike: 'arn:aws:acm:REGION:ACCOUNT:certificate/…',
    says: 'the certificate of domainName, from ACM in the same region',
  },
  logRetentionDays: {
    default: '30',
    pattern: /^(1|3|5|7|14|30|60|90|120|150|180|365|400|545|731|1096|1827|2192|2557|2922|3288|3653)$/,
    looksLike: '1, 3, 5, 7, 14, 30, 60, 90, 180 or 365 (CloudWatch knows these)',
    says: 'how long the logs are kept',
  },
  signInDomainPrefix: {
    default: '',
    pattern: /^(?!.*(aws|amazon|cognito))[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    looksLike: 'small letters, digits and hyphens, without aws, amazon or cognito in it',
    says: 'PREFIX.auth.REGION.amazoncognito.com is the sign-in page; unique among all customers of AWS; else made from stage and account',
  },
}

/** @type {Readonly<Record<string, string>>} */
const defaults = Object.fromEntries(Object.entries(parameters).map(([name, parameter]) => [name, parameter.default]))

/** What is of no use without the other, and the section of docs/deploy.md that says so. @type {readonly (readonly [string, string, string])[]} */
const pairs = [
  ['domainName', 'certificateArn', 'A name of your own'],
  ['googleClientId', 'googleEmails', 'Google sign-in'],
]

module.exports = { parameters, pairs, defaults }
