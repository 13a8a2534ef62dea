# syntax=docker/dockerfile:1

# photos in a container: see docs/nas.md. For several architectures at once:
#   docker buildx build --platform linux/amd64,linux/arm64 --tag photos .

# Once, on the machine that builds, whatever it builds for: the bundle is JavaScript.
FROM --platform=$BUILDPLATFORM node:24-slim AS bundle
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY cli cli
COPY contract contract
COPY embedded embedded
COPY lambda lambda
COPY scripts scripts
RUN npm run build

# For each architecture: the packages with native code, which ship their binaries.
FROM node:24-slim AS packages
WORKDIR /photos
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --omit=dev

FROM node:24-slim
WORKDIR /photos
COPY --from=packages /photos/node_modules node_modules
COPY --from=bundle /build/dist dist
COPY package.json LICENSE ./
COPY bin bin
# What is remembered: who is signed in, and what was backed up. With --user, the folder that is mounted here has to be that user's.
RUN ln -s /photos/bin/photos.js /usr/local/bin/photos && mkdir -m 700 /state && chown node:node /state
ENV NODE_ENV=production HOME=/state XDG_CONFIG_HOME=/state/config XDG_STATE_HOME=/state/state XDG_DATA_HOME=/state/data
VOLUME /state
USER node
ENTRYPOINT ["photos"]
CMD ["--help"]
