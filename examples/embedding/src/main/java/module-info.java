/** Three programs that embed Ashlar, and a family of decoders for it. */
module example {
  requires dev.ashlar.engine;

  provides dev.ashlar.nn.architecture.Architecture with
      example.OwnFamily;
}
