/**
 * Names of the instructions that no row implements, by opcode: Intel SDM 2A-2D and its opcode maps (2D, appendix A), for
 * XOP, 3DNow! and SSE4A the AMD64 manual, volumes 3 to 6. For reports only (describe-missing.ts); a test compares all of
 * it with iced-x86. VEX and EVEX forms of a legacy SSE row are not listed: their name is the row's with a `v` in front.
 *
 * An item is an opcode with its entries; two spaces or a line end between items:
 *
 *   58             any ModRM       71.2   ModRM.reg = 2       01=D0   ModRM byte D0
 *   66:name        with mandatory prefix 66; without one: no prefix, or in legacy maps any prefix not listed
 *   name{a,b}      name + a with W = 0, name + b with W = 1
 *   one/other      VEX / EVEX                                 one(other)   memory / register in ModRM.rm
 *   name-          no ModRM byte                              name+1  +2  +z   bytes of immediate, z: 2 with 66h, else 4
 */

export type MapName =
  | 'legacy'
  | '0F'
  | '0F38'
  | '0F3A'
  | '3DNow!'
  | 'vex0F'
  | 'vex0F38'
  | 'vex0F3A'
  | 'map5'
  | 'map6'
  | 'xop8'
  | 'xop9'
  | 'xopA';

export const MISSING: Readonly<Record<MapName, string>> = {
  legacy: `
  C6=F8 xabort+1  C7=F8 xbegin+z  D9.3 fstpnce`,
  '0F': `
  00.6 F2:lkgs
  01.5 F3:rstorssp  01=C0 enclv  01=C1 vmcall  01=C2 vmlaunch  01=C3 vmresume  01=C4 vmxoff  01=C5 pconfig
  01=C6 wrmsrns F3:wrmsrlist F2:rdmsrlist  01=C7 pbndkb  01=C8 monitor  01=C9 mwait  01=CA clac F3:eretu F2:erets
  01=CB stac  01=CC 66:tdcall  01=CD 66:seamret  01=CE 66:seamops  01=CF encls 66:seamcall  01=D0 xgetbv  01=D1 xsetbv
  01=D4 vmfunc  01=D5 xend  01=D6 xtest  01=D7 enclu  01=D8 vmrun  01=D9 vmmcall F3:vmgexit F2:vmgexit  01=DA vmload
  01=DB vmsave  01=DC stgi  01=DD clgi  01=DE skinit  01=DF invlpga  01=E8 serialize F3:setssbsy F2:xsusldtrk
  01=E9 F2:xresldtrk  01=EA F3:saveprevssp  01=EC F3:uiret  01=ED F3:testui  01=EE rdpkru F3:clui  01=EF wrpkru F3:stui
  01=FA monitorx F3:mcommit  01=FB mwaitx  01=FC clzero  01=FD rdpru F3:rmpquery
  01=FE invlpgb F3:rmpadjust F2:rmpupdate  01=FF tlbsync F3:psmash F2:pvalidate
  0E femms-  2B F3:movntss F2:movntsd  34 sysenter-  
  37 getsec{,q}-  78 vmread 66:extrq+2 F2:insertq+2  79 vmwrite 66:extrq F2:insertq  AA rsm-
  AE.0 F3:rdfsbase  AE.1 F3:rdgsbase  AE.2 F3:wrfsbase  AE.3 F3:wrgsbase  AE.4 xsave{,64} F3:ptwrite
  AE.5 xrstor{,64} F3:incssp{d,q}  AE.6 xsaveopt{,64} 66:clwb(tpause) F3:clrssbsy(umonitor) F2:umwait  AE.7 66:clflushopt
  C7.3 xrstors{,64}  C7.4 xsavec{,64}  C7.5 xsaves{,64}
  C7.6 vmptrld 66:vmclear F3:vmxon(senduipi)  C7.7 vmptrst F3:rdpid`,
  '0F38': `
  80 66:invept  81 66:invvpid  82 66:invpcid  C8 sha1nexte  C9 sha1msg1  CA sha1msg2  CB sha256rnds2  CC sha256msg1
  CD sha256msg2  CF 66:gf2p8mulb  D8.0 F3:aesencwide128kl  D8.1 F3:aesdecwide128kl  D8.2 F3:aesencwide256kl
  D8.3 F3:aesdecwide256kl  DC F3:aesenc128kl(loadiwkey)  DD F3:aesdec128kl  DE F3:aesenc256kl  DF F3:aesdec256kl
  F5 66:wruss{d,q}  F6 wrss{d,q} 66:adcx F3:adox  F8 66:movdir64b F3:enqcmds F2:enqcmd  F9 movdiri
  FA F3:encodekey128  FB F3:encodekey256  FC aadd 66:aand F3:axor F2:aor`,
  '0F3A': `
  CC sha1rnds4+1  CE 66:gf2p8affineqb+1  CF 66:gf2p8affineinvqb+1  F0=C0 F3:hreset+1`,
  '3DNow!': `
  0C pi2fw  0D pi2fd  1C pf2iw  1D pf2id  8A pfnacc  8E pfpnacc  90 pfcmpge  94 pfmin  96 pfrcp  97 pfrsqrt  9A pfsub
  9E pfadd  A0 pfcmpgt  A4 pfmax  A6 pfrcpit1  A7 pfrsqit1  AA pfsubr  AE pfacc  B0 pfcmpeq  B4 pfmul  B6 pfrcpit2
  B7 pmulhrw  BB pswapd  BF pavgusb`,
  vex0F: `
  41 kand{w,q} 66:kand{b,d}  42 kandn{w,q} 66:kandn{b,d}  44 knot{w,q} 66:knot{b,d}  45 kor{w,q} 66:kor{b,d}
  46 kxnor{w,q} 66:kxnor{b,d}  47 kxor{w,q} 66:kxor{b,d}  4A kadd{w,q} 66:kadd{b,d}  4B kunpck{wd,dq} 66:kunpckbw
  5B vcvtdq2ps/vcvt{dq2ps,qq2ps}  6E 66:vmov{d,q}
  6F 66:vmovdqa/vmovdqa{32,64} F3:vmovdqu/vmovdqu{32,64} F2:vmovdqu{8,16}  71.2 66:vpsrlw  71.4 66:vpsraw
  71.6 66:vpsllw  72.0 66:vpror{d,q}  72.1 66:vprol{d,q}  72.2 66:vpsrld  72.4 66:vpsrad/vpsra{d,q}  72.6 66:vpslld
  73.2 66:vpsrlq  73.3 66:vpsrldq  73.6 66:vpsllq  73.7 66:vpslldq  77 vzeroupper-
  78 vcvttp{s2udq,d2udq} 66:vcvttp{s2uqq,d2uqq} F3:vcvttss2usi F2:vcvttsd2usi
  79 vcvtp{s2udq,d2udq} 66:vcvtp{s2uqq,d2uqq} F3:vcvtss2usi F2:vcvtsd2usi
  7A 66:vcvttp{s2qq,d2qq} F3:vcvtu{dq2pd,qq2pd} F2:vcvtu{dq2ps,qq2ps}
  7B 66:vcvtp{s2qq,d2qq} F3:vcvtusi2ss F2:vcvtusi2sd  7E 66:vmov{d,q}
  7F 66:vmovdqa/vmovdqa{32,64} F3:vmovdqu/vmovdqu{32,64} F2:vmovdqu{8,16}  90 kmov{w,q} 66:kmov{b,d}
  91 kmov{w,q} 66:kmov{b,d}  92 kmovw 66:kmovb F2:kmov{d,q}  93 kmovw 66:kmovb F2:kmov{d,q}
  98 kortest{w,q} 66:kortest{b,d}  99 ktest{w,q} 66:ktest{b,d}  DB 66:vpand/vpand{d,q}  DF 66:vpandn/vpandn{d,q}
  AE.2 vldmxcsr  AE.3 vstmxcsr  E2 66:vpsrad/vpsra{d,q}  E6 F3:vcvtdq2pd/vcvt{dq2pd,qq2pd}  EB 66:vpor/vpor{d,q}  EF 66:vpxor/vpxor{d,q}`,
  vex0F38: `
  0C 66:vpermilps  0D 66:vpermilpd  0E 66:vtestps  0F 66:vtestpd  10 66:vpsrlvw F3:vpmovuswb
  11 66:vpsravw F3:vpmovusdb  12 66:vpsllvw F3:vpmovusqb  13 66:vcvtph2ps F3:vpmovusdw  14 66:vprorv{d,q} F3:vpmovusqw
  15 66:vprolv{d,q} F3:vpmovusqd  16 66:vpermps/vpermp{s,d}  18 66:vbroadcastss
  19 66:vbroadcastsd/vbroadcast{f32x2,sd}  1A 66:vbroadcastf128/vbroadcastf{32x4,64x2}  1B 66:vbroadcastf{32x8,64x4}
  1F 66:vpabsq  20 F3:vpmovswb  21 F3:vpmovsdb  22 F3:vpmovsqb  23 F3:vpmovsdw  24 F3:vpmovsqw  25 F3:vpmovsqd
  26 66:vptestm{b,w} F3:vptestnm{b,w}  27 66:vptestm{d,q} F3:vptestnm{d,q}  28 F3:vpmovm2{b,w}  29 F3:vpmov{b2m,w2m}
  2A F3:vpbroadcastmb2q  2C 66:vmaskmovps/vscalefp{s,d}  2D 66:vmaskmovpd/vscalefs{s,d}  2E 66:vmaskmovps
  2F 66:vmaskmovpd  30 F3:vpmovwb  31 F3:vpmovdb  32 F3:vpmovqb  33 F3:vpmovdw  34 F3:vpmovqw  35 F3:vpmovqd
  36 66:vpermd/vperm{d,q}  38 F3:vpmovm2{d,q}  39 66:vpminsd/vpmins{d,q} F3:vpmov{d2m,q2m}  3A F3:vpbroadcastmw2d
  3B 66:vpminud/vpminu{d,q}  3D 66:vpmaxsd/vpmaxs{d,q}  3F 66:vpmaxud/vpmaxu{d,q}  40 66:vpmulld/vpmull{d,q}
  42 66:vgetexpp{s,d}  43 66:vgetexps{s,d}  44 66:vplzcnt{d,q}  45 66:vpsrlv{d,q}  46 66:vpsravd/vpsrav{d,q}
  47 66:vpsllv{d,q}  49 ldtilecfg(tilerelease) 66:sttilecfg F2:tilezero  4B 66:tileloaddt1 F3:tilestored F2:tileloadd
  4C 66:vrcp14p{s,d}  4D 66:vrcp14s{s,d}  4E 66:vrsqrt14p{s,d}  4F 66:vrsqrt14s{s,d}
  50 66:vpdpbusd vpdpbuud F3:vpdpbsud F2:vpdpbssd  51 66:vpdpbusds vpdpbuuds F3:vpdpbsuds F2:vpdpbssds
  52 66:vpdpwssd F3:vdpbf16ps F2:vp4dpwssd  53 66:vpdpwssds F2:vp4dpwssds  54 66:vpopcnt{b,w}  55 66:vpopcnt{d,q}
  58 66:vpbroadcastd  59 66:vpbroadcastq/v{broadcasti32x2,pbroadcastq}  5A 66:vbroadcasti128/vbroadcasti{32x4,64x2}
  5B 66:vbroadcasti{32x8,64x4}  5C F3:tdpbf16ps F2:tdpfp16ps  5E tdpbuud 66:tdpbusd F3:tdpbsud F2:tdpbssd
  62 66:vpexpand{b,w}  63 66:vpcompress{b,w}  64 66:vpblendm{d,q}  65 66:vblendmp{s,d}  66 66:vpblendm{b,w}
  68 F2:vp2intersect{d,q}  6C tcmmrlfp16ps 66:tcmmimfp16ps  70 66:vpshldvw  71 66:vpshldv{d,q}
  72 66:vpshrdvw F3:vcvtneps2bf16 F2:vcvtne2ps2bf16  73 66:vpshrdv{d,q}  75 66:vpermi2{b,w}  76 66:vpermi2{d,q}
  77 66:vpermi2p{s,d}  78 66:vpbroadcastb  79 66:vpbroadcastw  7A 66:vpbroadcastb  7B 66:vpbroadcastw
  7C 66:vpbroadcast{d,q}  7D 66:vpermt2{b,w}  7E 66:vpermt2{d,q}  7F 66:vpermt2p{s,d}  83 66:vpmultishiftqb
  88 66:vexpandp{s,d}  89 66:vpexpand{d,q}  8A 66:vcompressp{s,d}  8B 66:vpcompress{d,q}  8C 66:vpmaskmov{d,q}
  8D 66:vperm{b,w}  8E 66:vpmaskmov{d,q}  8F 66:vpshufbitqmb  90 66:vpgatherd{d,q}  91 66:vpgatherq{d,q}
  92 66:vgatherdp{s,d}  93 66:vgatherqp{s,d}  96 66:vfmaddsub132p{s,d}  97 66:vfmsubadd132p{s,d}
  98 66:vfmadd132p{s,d}  99 66:vfmadd132s{s,d}  9A 66:vfmsub132p{s,d} F2:v4fmaddps  9B 66:vfmsub132s{s,d} F2:v4fmaddss
  9C 66:vfnmadd132p{s,d}  9D 66:vfnmadd132s{s,d}  9E 66:vfnmsub132p{s,d}  9F 66:vfnmsub132s{s,d}
  A0 66:vpscatterd{d,q}  A1 66:vpscatterq{d,q}  A2 66:vscatterdp{s,d}  A3 66:vscatterqp{s,d}  A6 66:vfmaddsub213p{s,d}
  A7 66:vfmsubadd213p{s,d}  A8 66:vfmadd213p{s,d}  A9 66:vfmadd213s{s,d}  AA 66:vfmsub213p{s,d} F2:v4fnmaddps
  AB 66:vfmsub213s{s,d} F2:v4fnmaddss  AC 66:vfnmadd213p{s,d}  AD 66:vfnmadd213s{s,d}  AE 66:vfnmsub213p{s,d}
  AF 66:vfnmsub213s{s,d}  B0 vcvtneoph2ps 66:vcvtneeph2ps F3:vcvtneebf162ps F2:vcvtneobf162ps
  B1 66:vbcstnesh2ps F3:vbcstnebf162ps  B4 66:vpmadd52luq  B5 66:vpmadd52huq  B6 66:vfmaddsub231p{s,d}
  B7 66:vfmsubadd231p{s,d}  B8 66:vfmadd231p{s,d}  B9 66:vfmadd231s{s,d}  BA 66:vfmsub231p{s,d}  BB 66:vfmsub231s{s,d}
  BC 66:vfnmadd231p{s,d}  BD 66:vfnmadd231s{s,d}  BE 66:vfnmsub231p{s,d}  BF 66:vfnmsub231s{s,d}
  C4 66:vpconflict{d,q}  C6.1 66:vgatherpf0dp{s,d}  C6.2 66:vgatherpf1dp{s,d}  C6.5 66:vscatterpf0dp{s,d}
  C6.6 66:vscatterpf1dp{s,d}  C7.1 66:vgatherpf0qp{s,d}  C7.2 66:vgatherpf1qp{s,d}  C7.5 66:vscatterpf0qp{s,d}
  C7.6 66:vscatterpf1qp{s,d}  C8 66:vexp2p{s,d}  CA 66:vrcp28p{s,d}  CB 66:vrcp28s{s,d} F2:vsha512rnds2
  CC 66:vrsqrt28p{s,d} F2:vsha512msg1  CD 66:vrsqrt28s{s,d} F2:vsha512msg2  CF 66:vgf2p8mulb  D2 vpdpwuud 66:vpdpwusd F3:vpdpwsud
  D3 vpdpwuuds 66:vpdpwusds F3:vpdpwsuds  DA vsm3msg1 66:vsm3msg2 F3:vsm4key4 F2:vsm4rnds4  E0 66:cmpoxadd
  E1 66:cmpnoxadd  E2 66:cmpbxadd  E3 66:cmpnbxadd  E4 66:cmpzxadd  E5 66:cmpnzxadd  E6 66:cmpbexadd  E7 66:cmpnbexadd
  E8 66:cmpsxadd  E9 66:cmpnsxadd  EA 66:cmppxadd  EB 66:cmpnpxadd  EC 66:cmplxadd  ED 66:cmpnlxadd  EE 66:cmplexadd
  EF 66:cmpnlexadd  F2 andn  F3.1 blsr  F3.2 blsmsk  F3.3 blsi  F5 bzhi F3:pext F2:pdep  F6 F2:mulx
  F7 bextr 66:shlx F3:sarx F2:shrx`,
  vex0F3A: `
  00 66:vpermq  01 66:vpermpd  02 66:vpblendd  03 66:valign{d,q}  04 66:vpermilps  05 66:vpermilpd  06 66:vperm2f128
  08 66:vroundps/vrndscaleps vrndscaleph  09 66:vroundpd/vrndscalepd  0A 66:vroundss/vrndscaless vrndscalesh
  0B 66:vroundsd/vrndscalesd  16 66:vpextr{d,q}  18 66:vinsertf128/vinsertf{32x4,64x2}
  19 66:vextractf128/vextractf{32x4,64x2}  1A 66:vinsertf{32x8,64x4}  1B 66:vextractf{32x8,64x4}  1D 66:vcvtps2ph
  1E 66:vpcmpu{d,q}  1F 66:vpcmp{d,q}  22 66:vpinsr{d,q}  23 66:vshuff{32x4,64x2}  25 66:vpternlog{d,q}
  26 66:vgetmantp{s,d} vgetmantph  27 66:vgetmants{s,d} vgetmantsh  30 66:kshiftr{b,w}  31 66:kshiftr{d,q}
  32 66:kshiftl{b,w}  33 66:kshiftl{d,q}  38 66:vinserti128/vinserti{32x4,64x2}
  39 66:vextracti128/vextracti{32x4,64x2}  3A 66:vinserti{32x8,64x4}  3B 66:vextracti{32x8,64x4}
  3E 66:kextract/vpcmpu{b,w}  3F 66:vpcmp{b,w}  42 66:vmpsadbw/vdbpsadbw  43 66:vshufi{32x4,64x2}  46 66:vperm2i128
  48 66:vpermil2ps  49 66:vpermil2pd  4A 66:vblendvps  4B 66:vblendvpd  4C 66:vpblendvb  50 66:vrangep{s,d}
  51 66:vranges{s,d}  54 66:vfixupimmp{s,d}  55 66:vfixupimms{s,d}  56 66:vreducep{s,d} vreduceph
  57 66:vreduces{s,d} vreducesh  5C 66:vfmaddsubps  5D 66:vfmaddsubpd  5E 66:vfmsubaddps  5F 66:vfmsubaddpd
  60 66:vpcmpestrm{,64}  61 66:vpcmpestri{,64}  66 66:vfpclassp{s,d} vfpclassph  67 66:vfpclasss{s,d} vfpclasssh
  68 66:vfmaddps  69 66:vfmaddpd  6A 66:vfmaddss  6B 66:vfmaddsd  6C 66:vfmsubps  6D 66:vfmsubpd  6E 66:vfmsubss
  6F 66:vfmsubsd  70 66:vpshldw  71 66:vpshld{d,q}  72 66:vpshrdw  73 66:vpshrd{d,q}  78 66:vfnmaddps  79 66:vfnmaddpd
  7A 66:vfnmaddss  7B 66:vfnmaddsd  7C 66:vfnmsubps  7D 66:vfnmsubpd  7E 66:vfnmsubss  7F 66:vfnmsubsd
  C2 vcmpph F3:vcmpsh  CE 66:vgf2p8affineqb  CF 66:vgf2p8affineinvqb  DE 66:vsm3rnds2  F0 F2:rorx`,
  map5: `
  10 F3:vmovsh  11 F3:vmovsh  1D 66:vcvtps2phx vcvtss2sh  2A F3:vcvtsi2sh  2C F3:vcvttsh2si  2D F3:vcvtsh2si
  2E vucomish  2F vcomish  51 vsqrtph F3:vsqrtsh  58 vaddph F3:vaddsh  59 vmulph F3:vmulsh
  5A 66:vcvtpd2ph vcvtph2pd F2:vcvtsd2sh F3:vcvtsh2sd  5B vcvt{dq2ph,qq2ph} 66:vcvtph2dq F3:vcvttph2dq
  5C vsubph F3:vsubsh  5D vminph F3:vminsh  5E vdivph F3:vdivsh  5F vmaxph F3:vmaxsh  6E 66:vmovw
  78 vcvttph2udq 66:vcvttph2uqq F3:vcvttsh2usi  79 vcvtph2udq 66:vcvtph2uqq F3:vcvtsh2usi
  7A 66:vcvttph2qq F2:vcvtu{dq2ph,qq2ph}  7B 66:vcvtph2qq F3:vcvtusi2sh  7C vcvttph2uw 66:vcvttph2w
  7D vcvtph2uw 66:vcvtph2w F2:vcvtuw2ph F3:vcvtw2ph  7E 66:vmovw`,
  map6: `
  13 66:vcvtph2psx vcvtsh2ss  2C 66:vscalefph  2D 66:vscalefsh  42 66:vgetexpph  43 66:vgetexpsh  4C 66:vrcpph
  4D 66:vrcpsh  4E 66:vrsqrtph  4F 66:vrsqrtsh  56 F2:vfcmaddcph F3:vfmaddcph  57 F2:vfcmaddcsh F3:vfmaddcsh
  96 66:vfmaddsub132ph  97 66:vfmsubadd132ph  98 66:vfmadd132ph  99 66:vfmadd132sh  9A 66:vfmsub132ph
  9B 66:vfmsub132sh  9C 66:vfnmadd132ph  9D 66:vfnmadd132sh  9E 66:vfnmsub132ph  9F 66:vfnmsub132sh
  A6 66:vfmaddsub213ph  A7 66:vfmsubadd213ph  A8 66:vfmadd213ph  A9 66:vfmadd213sh  AA 66:vfmsub213ph
  AB 66:vfmsub213sh  AC 66:vfnmadd213ph  AD 66:vfnmadd213sh  AE 66:vfnmsub213ph  AF 66:vfnmsub213sh
  B6 66:vfmaddsub231ph  B7 66:vfmsubadd231ph  B8 66:vfmadd231ph  B9 66:vfmadd231sh  BA 66:vfmsub231ph
  BB 66:vfmsub231sh  BC 66:vfnmadd231ph  BD 66:vfnmadd231sh  BE 66:vfnmsub231ph  BF 66:vfnmsub231sh
  D6 F2:vfcmulcph F3:vfmulcph  D7 F2:vfcmulcsh F3:vfmulcsh`,
  xop8: `
  85 vpmacssww  86 vpmacsswd  87 vpmacssdql  8E vpmacssdd  8F vpmacssdqh  95 vpmacsww  96 vpmacswd  97 vpmacsdql
  9E vpmacsdd  9F vpmacsdqh  A2 vpcmov  A3 vpperm  A6 vpmadcsswd  B6 vpmadcswd  C0 vprotb  C1 vprotw  C2 vprotd
  C3 vprotq  CC vpcomb  CD vpcomw  CE vpcomd  CF vpcomq  EC vpcomub  ED vpcomuw  EE vpcomud  EF vpcomuq`,
  xop9: `
  01.1 blcfill  01.2 blsfill  01.3 blcs  01.4 tzmsk  01.5 blcic  01.6 blsic  01.7 t1mskc  02.1 blcmsk  02.6 blci
  12.0 llwpcb  12.1 slwpcb  80 vfrczps  81 vfrczpd  82 vfrczss  83 vfrczsd  90 vprotb  91 vprotw  92 vprotd  93 vprotq
  94 vpshlb  95 vpshlw  96 vpshld  97 vpshlq  98 vpshab  99 vpshaw  9A vpshad  9B vpshaq  C1 vphaddbw  C2 vphaddbd
  C3 vphaddbq  C6 vphaddwd  C7 vphaddwq  CB vphadddq  D1 vphaddubw  D2 vphaddubd  D3 vphaddubq  D6 vphadduwd
  D7 vphadduwq  DB vphaddudq  E1 vphsubbw  E2 vphsubwd  E3 vphsubdq`,
  xopA: `
  10 bextr  12.0 lwpins  12.1 lwpval`,
};
